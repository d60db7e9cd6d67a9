package io.crema.image.registry;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Certificates and private keys in PEM files (RFC 7468): keys as PKCS #8, or in the older forms of
 * OpenSSL for RSA (PKCS #1) and elliptic curves (SEC 1), unencrypted.
 */
final class PemFiles {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");
  private static final byte[] RSA = {
    0x06, 9, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 13, 1, 1, 1, 5, 0
  };
  private static final byte[] EC = {0x06, 7, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1};
  private static final byte[] VERSION_0 = {2, 1, 0};
  private static final int SEQUENCE = 0x30;
  private static final int OCTETS = 0x04;
  private static final int PARAMETERS = 0xa0;

  private PemFiles() {}

  /** All certificates of {@code file}, at least one. */
  static List<Certificate> certificates(Path file) throws IOException {
    List<Certificate> out = new ArrayList<>();
    Matcher m = BLOCK.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      while (m.find()) {
        if (m.group(1).equals("CERTIFICATE")) {
          out.add(factory.generateCertificate(new ByteArrayInputStream(decode(m.group(2)))));
        }
      }
    } catch (CertificateException e) {
      throw new IOException(file + ": a damaged certificate: " + e.getMessage(), e);
    }
    if (out.isEmpty()) {
      throw new IOException(file + ": no certificate in it");
    }
    return out;
  }

  /** The first private key of {@code file}. */
  static PrivateKey key(Path file) throws IOException {
    Matcher m = BLOCK.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
    try {
      while (m.find()) {
        byte[] der = decode(m.group(2));
        switch (m.group(1)) {
          case "PRIVATE KEY" -> {
            return pkcs8(der);
          }
          case "RSA PRIVATE KEY" -> {
            return KeyFactory.getInstance("RSA")
                .generatePrivate(new PKCS8EncodedKeySpec(wrap(RSA, der)));
          }
          case "EC PRIVATE KEY" -> {
            byte[] algorithm = join(EC, curve(der));
            return KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(wrap(algorithm, der)));
          }
          case "ENCRYPTED PRIVATE KEY" -> throw new IOException(file + ": the key is encrypted");
          default -> {} // certificates, parameters
        }
      }
    } catch (GeneralSecurityException e) {
      throw new IOException(file + ": a damaged private key", e); // never its content
    }
    throw new IOException(file + ": no private key in it");
  }

  private static PrivateKey pkcs8(byte[] der) throws GeneralSecurityException {
    InvalidKeySpecException other = new InvalidKeySpecException("neither RSA, EC nor EdDSA");
    for (String algorithm : new String[] {"RSA", "EC", "EdDSA"}) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
      } catch (InvalidKeySpecException e) {
        other.addSuppressed(e); // of another algorithm
      }
    }
    throw other;
  }

  /** PrivateKeyInfo of RFC 5208 around a key of an older form. */
  private static byte[] wrap(byte[] algorithm, byte[] key) {
    return tlv(SEQUENCE, join(VERSION_0, tlv(SEQUENCE, algorithm), tlv(OCTETS, key)));
  }

  /** The named curve in an ECPrivateKey of RFC 5915. */
  private static byte[] curve(byte[] der) throws GeneralSecurityException {
    int at = content(der, 0, SEQUENCE);
    while (at < der.length) {
      int tag = der[at] & 0xff;
      int start = content(der, at, tag);
      int length = length(der, at);
      if (tag == PARAMETERS) {
        return java.util.Arrays.copyOfRange(der, start, start + length);
      }
      at = start + length;
    }
    throw new InvalidKeySpecException("no curve is named");
  }

  private static int content(byte[] der, int at, int tag) throws GeneralSecurityException {
    if (at + 1 >= der.length || (der[at] & 0xff) != tag) {
      throw new InvalidKeySpecException("not DER as expected");
    }
    int first = der[at + 1] & 0xff;
    return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
  }

  private static int length(byte[] der, int at) throws GeneralSecurityException {
    int first = der[at + 1] & 0xff;
    int length = first < 0x80 ? first : 0;
    int end = content(der, at, der[at] & 0xff);
    for (int i = at + 2; i < Math.min(end, der.length); i++) {
      length = (length << 8) | (der[i] & 0xff);
    }
    if (length < 0 || length > der.length - end) {
      throw new InvalidKeySpecException("not DER as expected");
    }
    return length;
  }

  private static byte[] tlv(int tag, byte[] value) {
    byte[] size =
        value.length < 0x80
            ? new byte[] {(byte) value.length}
            : new byte[] {(byte) 0x82, (byte) (value.length >> 8), (byte) value.length};
    return join(new byte[] {(byte) tag}, size, value);
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  private static byte[] decode(String base64) throws IOException {
    try {
      return Base64.getMimeDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw new IOException("not base64", e);
    }
  }
}
