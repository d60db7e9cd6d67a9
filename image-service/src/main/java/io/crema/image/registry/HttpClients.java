package io.crema.image.registry;

import io.crema.image.model.PullException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** One HTTP client for each way of trusting, kept for its connections. */
final class HttpClients implements AutoCloseable {
  private record Trust(boolean skipVerify, List<Path> authorities, Duration connect) {}

  private final Map<Trust, HttpClient> clients = new ConcurrentHashMap<>();
  private final Duration connectTimeout;

  HttpClients(Duration connectTimeout) {
    this.connectTimeout = connectTimeout;
  }

  HttpClient of(RegistryHost host) throws PullException {
    Trust trust =
        new Trust(
            host.skipVerify(),
            host.authorities(),
            host.dialTimeout() == null ? connectTimeout : host.dialTimeout());
    HttpClient known = clients.get(trust);
    if (known != null) {
      return known;
    }
    HttpClient made = make(trust);
    HttpClient other = clients.putIfAbsent(trust, made);
    return other == null ? made : other;
  }

  private static HttpClient make(Trust trust) throws PullException {
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(
                HttpClient.Version.HTTP_1_1) // layers in parallel want connections of their own
            .followRedirects(HttpClient.Redirect.NEVER) // credentials must not go along
            .connectTimeout(trust.connect());
    try {
      if (trust.skipVerify()) {
        builder.sslContext(context(new TrustManager[] {new TrustAll()}));
      } else if (!trust.authorities().isEmpty()) {
        builder.sslContext(context(managers(trust.authorities())));
      }
    } catch (IOException | GeneralSecurityException e) {
      throw new PullException.Invalid(
          "certificate authorities " + trust.authorities() + ": " + e.getMessage(), e);
    }
    return builder.build();
  }

  private static SSLContext context(TrustManager[] managers) throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers, null);
    return context;
  }

  private static TrustManager[] managers(List<Path> authorities)
      throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    int n = 0;
    for (Path file : authorities) {
      try (InputStream in = Files.newInputStream(file)) {
        for (Certificate c : factory.generateCertificates(in)) {
          store.setCertificateEntry("configured-" + n++, c);
        }
      }
    }
    TrustManagerFactory system =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    system.init((KeyStore) null);
    for (TrustManager manager : system.getTrustManagers()) {
      if (manager instanceof javax.net.ssl.X509TrustManager x) {
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
