package io.crema.image.registry;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.image.ImageServiceConfig;
import io.crema.image.model.Credentials;
import io.crema.image.model.PullException;
import io.crema.image.model.Reference;
import io.crema.image.rig.TestImage;
import io.crema.image.rig.TestRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TlsTest {
  private static final TestImage IMAGE = TestImage.of("tls");
  private static final char[] PASSWORD = "changeit".toCharArray();

  @TempDir static Path keys;
  @TempDir Path directory;
  private RegistryRig rig;

  /** One certificate for all: an authority of its own, for 127.0.0.1. */
  @BeforeAll
  static void makeKeys() throws Exception {
    for (String algorithm : List.of("RSA", "EC", "Ed25519")) {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
      command.addAll(List.of("-genkeypair", "-alias", "x", "-keyalg", algorithm));
      command.addAll(List.of("-dname", "CN=test", "-ext", "san=ip:127.0.0.1", "-validity", "2"));
      command.addAll(
          List.of("-storepass", "changeit", "-keystore", keys.resolve(algorithm).toString()));
      Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(keytool.getInputStream().readAllBytes(), US_ASCII);
      assertThat(keytool.waitFor()).as(output).isZero();
      KeyStore store = store(algorithm);
      Files.writeString(
          keys.resolve(algorithm + ".crt"),
          pem("CERTIFICATE", store.getCertificate("x").getEncoded()));
      Files.writeString(
          keys.resolve(algorithm + ".key"),
          pem("PRIVATE KEY", store.getKey("x", PASSWORD).getEncoded()));
    }
  }

  @BeforeEach
  void open() {
    rig = new RegistryRig(directory);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void aCertificateOfNobodyIsNotTrusted() throws Exception {
    try (TestRegistry registry = secure(false)) {
      rig.hosts(registry);
      assertThatThrownBy(() -> rig.session().document("1"))
          .isInstanceOf(PullException.RegistryUnavailable.class)
          .hasMessageContaining(registry.url() + ": TLS: ");
    }
  }

  @Test
  void skipVerifyTakesAnyCertificate() throws Exception {
    try (TestRegistry registry = secure(false)) {
      rig.toml("server = \"%s\"\nskip_verify = true\n".formatted(registry.url()));
      assertThat(rig.session().document("1").digest()).isEqualTo(IMAGE.manifestDigest());
    }
  }

  @Test
  void anAuthorityOfOnesOwnIsTrusted() throws Exception {
    try (TestRegistry registry = secure(false)) {
      rig.toml("server = \"%s\"\nca = \"%s\"\n".formatted(registry.url(), keys.resolve("RSA.crt")));
      assertThat(rig.session().document("1").digest()).isEqualTo(IMAGE.manifestDigest());
    }
  }

  @Test
  void aRenewedAuthorityIsSeen() throws Exception {
    try (TestRegistry registry = secure(false)) {
      rig.toml("server = \"%s\"\nca = \"ca.pem\"\n".formatted(registry.url()));
      Path ca = rig.directory().resolve("ca.pem");
      Files.copy(keys.resolve("EC.crt"), ca);
      Files.setLastModifiedTime(ca, java.nio.file.attribute.FileTime.fromMillis(1000));
      assertThatThrownBy(() -> rig.session().document("1")).hasMessageContaining("TLS: ");
      Files.writeString(ca, Files.readString(keys.resolve("RSA.crt")));
      assertThat(rig.session().document("1").digest()).isEqualTo(IMAGE.manifestDigest());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC", "Ed25519"})
  void aClientShowsItsCertificate(String algorithm) throws Exception {
    try (TestRegistry registry = secure(true)) {
      String server =
          "server = \"%s\"\nca = \"%s\"\n".formatted(registry.url(), keys.resolve("RSA.crt"));
      rig.toml(server);
      assertThatThrownBy(() -> rig.session().document("1"))
          .isInstanceOf(PullException.RegistryUnavailable.class);
      rig.toml(
          server
              + "client = [[\"%s\", \"%s\"]]\n"
                  .formatted(keys.resolve(algorithm + ".crt"), keys.resolve(algorithm + ".key")));
      assertThat(rig.session().document("1").digest()).isEqualTo(IMAGE.manifestDigest());
    }
  }

  @Test
  void aCertificateFileThatIsMissingIsNamed() throws Exception {
    try (TestRegistry registry = secure(false)) {
      rig.toml("server = \"%s\"\nca = \"gone.pem\"\n".formatted(registry.url()));
      assertThatThrownBy(() -> rig.session().document("1"))
          .isInstanceOf(PullException.Invalid.class)
          .hasMessageContaining("gone.pem");
    }
  }

  @Test
  void aLoopbackRegistrysCertificateIsNotChecked() throws Exception {
    try (TestRegistry registry = secure(false);
        RegistryClient client = client()) {
      RegistrySession session =
          client.session(Reference.parse(registry.authority() + "/team/app:1"), Credentials.NONE);
      assertThat(session.document("1").digest()).isEqualTo(IMAGE.manifestDigest());
    }
  }

  /** Go's server, and so most registries, answers a TLS handshake on a plain port like this. */
  @Test
  void anAnswerThatIsNoTlsLeadsToHttp() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        RegistryClient client = client()) {
      Thread.ofVirtual().start(() -> answer400(server));
      String authority = "127.0.0.1:" + server.getLocalPort();
      assertThatThrownBy(
              () ->
                  client
                      .session(Reference.parse(authority + "/team/app:1"), Credentials.NONE)
                      .document("1"))
          .isInstanceOf(PullException.Invalid.class)
          .hasMessageContaining("answers 400");
    }
  }

  private static void answer400(ServerSocket server) {
    while (!server.isClosed()) {
      try (Socket socket = server.accept()) {
        byte[] request = new byte[16];
        if (socket.getInputStream().read(request) > 0) {
          socket
              .getOutputStream()
              .write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".getBytes(US_ASCII));
          socket.shutdownOutput();
          socket.getInputStream().transferTo(OutputStream.nullOutputStream());
        }
      } catch (IOException e) {
        return; // the test closed it
      }
    }
  }

  private RegistryClient client() {
    return new RegistryClient(
        ImageServiceConfig.at(directory)
            .withCertsDirs(List.of())
            .withTimeouts(
                Duration.ofSeconds(20), Duration.ofSeconds(20), Duration.ofSeconds(20), 2));
  }

  private static TestRegistry secure(boolean clients) throws Exception {
    KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(store("RSA"), PASSWORD);
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    for (String algorithm : List.of("RSA", "EC", "Ed25519")) {
      trusted.setCertificateEntry(algorithm, store(algorithm).getCertificate("x"));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(own.getKeyManagers(), trust.getTrustManagers(), null);
    TestRegistry registry = TestRegistry.start(context, clients);
    IMAGE.push(registry, "team/app", "1");
    return registry;
  }

  private static KeyStore store(String name) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    try (InputStream in = Files.newInputStream(keys.resolve(name))) {
      store.load(in, PASSWORD);
    }
    return store;
  }

  static String pem(String label, byte[] der) throws IOException {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(label, Base64.getMimeEncoder().encodeToString(der), label);
  }
}
