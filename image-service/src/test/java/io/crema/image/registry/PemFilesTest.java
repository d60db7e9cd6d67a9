package io.crema.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PemFilesTest {
  @TempDir Path directory;

  @Test
  void keysInOpensslsOlderFormOfRsaAreRead() throws Exception {
    PrivateKey key = KeyPairGenerator.getInstance("RSA").generateKeyPair().getPrivate();
    assertThat(PemFiles.key(file("RSA PRIVATE KEY", inner(key.getEncoded())))).isEqualTo(key);
  }

  /** An openssl key of `openssl ecparam -genkey -name prime256v1`, as SEC 1 writes it. */
  @Test
  void keysInOpensslsOlderFormOfEllipticCurvesAreRead() throws Exception {
    Path file = directory.resolve("ec.pem");
    Files.writeString(
        file,
        """
        -----BEGIN EC PARAMETERS-----
        BggqhkjOPQMBBw==
        -----END EC PARAMETERS-----
        -----BEGIN EC PRIVATE KEY-----
        MDECAQEEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4foAoGCCqGSM49
        AwEH
        -----END EC PRIVATE KEY-----
        """);
    PrivateKey key = PemFiles.key(file);
    assertThat(key.getAlgorithm()).isEqualTo("EC");
    assertThat(((java.security.interfaces.ECPrivateKey) key).getS().toString(16))
        .isEqualTo("102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  }

  @Test
  void keysOfPkcs8AreRead() throws Exception {
    KeyPairGenerator ec = KeyPairGenerator.getInstance("EC");
    ec.initialize(new ECGenParameterSpec("secp384r1"));
    for (KeyPairGenerator generator :
        new KeyPairGenerator[] {ec, KeyPairGenerator.getInstance("Ed25519")}) {
      PrivateKey key = generator.generateKeyPair().getPrivate();
      assertThat(PemFiles.key(file("PRIVATE KEY", key.getEncoded()))).isEqualTo(key);
    }
  }

  @Test
  void whatIsMissingOrEncryptedIsSaidByFile() throws Exception {
    Path empty = Files.writeString(directory.resolve("empty.pem"), "nothing");
    assertThatThrownBy(() -> PemFiles.key(empty)).hasMessage(empty + ": no private key in it");
    assertThatThrownBy(() -> PemFiles.certificates(empty))
        .hasMessage(empty + ": no certificate in it");
    assertThatThrownBy(() -> PemFiles.key(file("ENCRYPTED PRIVATE KEY", new byte[8])))
        .hasMessageContaining("encrypted");
  }

  @Test
  void damagedKeysAreRefusedWithoutBeingShown() throws Exception {
    byte[] good =
        inner(KeyPairGenerator.getInstance("RSA").generateKeyPair().getPrivate().getEncoded());
    Random random = new Random(3);
    for (int i = 0; i < 30; i++) {
      byte[] bad = Arrays.copyOf(good, random.nextInt(60));
      for (String label : new String[] {"RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"}) {
        assertThatThrownBy(() -> PemFiles.key(file(label, bad)))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("private key");
      }
    }
  }

  private Path file(String label, byte[] der) throws IOException {
    return Files.writeString(directory.resolve("key.pem"), TlsTest.pem(label, der));
  }

  /** The key inside of a PKCS #8 one of more than 255 bytes: the last octet string. */
  private static byte[] inner(byte[] pkcs8) {
    for (int i = 0; i < pkcs8.length - 4; i++) {
      if (pkcs8[i] == 4
          && pkcs8[i + 1] == (byte) 0x82
          && (((pkcs8[i + 2] & 0xff) << 8) | (pkcs8[i + 3] & 0xff)) == pkcs8.length - i - 4) {
        return Arrays.copyOfRange(pkcs8, i + 4, pkcs8.length);
      }
    }
    throw new AssertionError("no inner key");
  }
}
