package io.crema.image.registry;

import io.crema.image.model.PullException;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** One HTTP client for each way of trusting, kept for its connections. */
final class HttpClients implements AutoCloseable {
  /** {@code versions} makes another client of it when a certificate is renewed. */
  private record Trust(RegistryHost.Tls tls, List<FileTime> versions, Duration connect) {}

  static {
    // The client wakes its selector for each buffer: of 16 KiB, which is its default, that costs 6
    // %
    // of a pull's processor time. Read once, when the first client is made.
    if (System.getProperty("jdk.httpclient.bufsize") == null) {
      System.setProperty("jdk.httpclient.bufsize", "65536");
    }
  }

  private final Map<Trust, HttpClient> clients = new ConcurrentHashMap<>();
  private final Duration connectTimeout;

  HttpClients(Duration connectTimeout) {
    this.connectTimeout = connectTimeout;
  }

  HttpClient of(RegistryHost host) throws PullException {
    Duration connect = host.dialTimeout() == null ? connectTimeout : host.dialTimeout();
    try {
      Trust trust = new Trust(host.tls(), versions(host.tls()), connect);
      HttpClient known = clients.get(trust);
      if (known != null) {
        return known;
      }
      HttpClient made = make(trust);
      HttpClient other = clients.putIfAbsent(trust, made);
      if (other != null) {
        made.close();
        return other;
      }
      return made;
    } catch (IOException | GeneralSecurityException e) {
      throw new PullException.Invalid("TLS settings of this host: " + e.getMessage(), e);
    }
  }

  private static List<FileTime> versions(RegistryHost.Tls tls) throws IOException {
    List<FileTime> versions = new ArrayList<>();
    for (Path file : files(tls).toList()) {
      versions.add(Files.getLastModifiedTime(file));
    }
    return versions;
  }

  private static Stream<Path> files(RegistryHost.Tls tls) {
    return Stream.concat(
        tls.authorities().stream(),
        tls.clients().stream().flatMap(c -> Stream.of(c.certificate(), c.key())));
  }

  private static HttpClient make(Trust trust) throws IOException, GeneralSecurityException {
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(
                HttpClient.Version.HTTP_1_1) // layers in parallel want connections of their own
            .followRedirects(HttpClient.Redirect.NEVER) // credentials must not go along
            .connectTimeout(trust.connect());
    if (!trust.tls().equals(RegistryHost.Tls.DEFAULT)) {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(clientKeys(trust.tls()), trusted(trust.tls()), null);
      builder.sslContext(context);
    }
    return builder.build();
  }

  private static KeyManager @Nullable [] clientKeys(RegistryHost.Tls tls)
      throws IOException, GeneralSecurityException {
    if (tls.clients().isEmpty()) {
      return null;
    }
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    char[] none = new char[0]; // of a store in memory
    int n = 0;
    for (RegistryHost.ClientFiles c : tls.clients()) {
      Certificate[] chain = PemFiles.certificates(c.certificate()).toArray(Certificate[]::new);
      store.setKeyEntry("client-" + n++, PemFiles.key(c.key()), none, chain);
    }
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, none);
    return factory.getKeyManagers();
  }

  /** Null for what the JDK trusts by itself. */
  private static TrustManager @Nullable [] trusted(RegistryHost.Tls tls)
      throws IOException, GeneralSecurityException {
    if (tls.skipVerify()) {
      return new TrustManager[] {new TrustAll()};
    }
    if (tls.authorities().isEmpty()) {
      return null;
    }
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    int n = 0;
    for (Path file : tls.authorities()) {
      for (Certificate c : PemFiles.certificates(file)) {
        store.setCertificateEntry("configured-" + n++, c);
      }
    }
    TrustManagerFactory system =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    system.init((KeyStore) null);
    for (TrustManager manager : system.getTrustManagers()) {
      if (manager instanceof X509TrustManager x) {
        for (X509Certificate c : x.getAcceptedIssuers()) {
          store.setCertificateEntry("system-" + n++, c);
        }
      }
    }
    TrustManagerFactory both =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    both.init(store);
    return both.getTrustManagers();
  }

  /** What hosts.toml's skip_verify asks for: any certificate, of any name. */
  private static final class TrustAll extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  @Override
  public void close() {
    clients.values().forEach(HttpClient::shutdownNow);
  }
}
