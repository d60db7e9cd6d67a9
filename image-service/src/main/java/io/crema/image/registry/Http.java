package io.crema.image.registry;

import io.crema.image.ImageServiceConfig;
import io.crema.image.model.PullException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/**
 * Requests with a deadline for the answer and a watch over its body; redirects that take no secrets
 * along to another host.
 */
final class Http implements AutoCloseable {
  private static final int MAX_REDIRECTS = 10; // as Go's client

  private final ImageServiceConfig config;
  private final HttpClients clients;

  /** Hosts of which it was not known whether they speak TLS, and which don't. */
  private final Set<String> plain = ConcurrentHashMap.newKeySet();

  private final ScheduledExecutorService watch =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("pull-watch").daemon().factory());

  Http(ImageServiceConfig config) {
    this.config = config;
    this.clients = new HttpClients(config.connectTimeout());
  }

  /**
   * GETs {@code uri} in the way of {@code host}'s TLS settings, following redirects.
   *
   * @param open headers that may go anywhere
   * @param secret headers that go to the origin of {@code uri} only
   */
  Answer get(
      RegistryHost host, URI uri, Map<String, List<String>> open, Map<String, List<String>> secret)
      throws IOException, InterruptedException {
    URI start = plain.contains(host.authority()) && host.owns(uri) ? byHttp(uri) : uri;
    URI at = start;
    for (int redirects = 0; ; redirects++) {
      HttpRequest.Builder request = request(at, open);
      if (sameOrigin(at, start)) {
        add(request, secret);
      }
      Answer answer;
      try {
        answer = send(host, request.GET().build());
      } catch (SSLException | HttpConnectTimeoutException e) {
        if (host.plainFallback() && host.owns(at) && speaksNoTls(e)) {
          plain.add(host.authority());
          return get(host, uri, open, secret);
        }
        throw e;
      }
      if (!isRedirect(answer.status())) {
        return answer;
      }
      try (answer) {
        answer.finish();
        if (redirects == MAX_REDIRECTS) {
          throw new IOException("more than " + MAX_REDIRECTS + " redirects");
        }
        at = target(at, answer);
      }
    }
  }

  /** POSTs a form; a redirect is the answer. */
  Answer post(RegistryHost host, URI uri, String form) throws IOException, InterruptedException {
    return send(
        host,
        request(uri, Map.of("Content-Type", List.of("application/x-www-form-urlencoded")))
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .build());
  }

  private static HttpRequest.Builder request(URI uri, Map<String, List<String>> headers)
      throws IOException {
    HttpRequest.Builder request;
    try {
      request = HttpRequest.newBuilder(uri);
    } catch (IllegalArgumentException e) {
      throw new IOException("an address that can't be asked: " + where(uri), e);
    }
    add(request, headers);
    return request;
  }

  private static void add(HttpRequest.Builder request, Map<String, List<String>> headers)
      throws IOException {
    for (Map.Entry<String, List<String>> h : headers.entrySet()) {
      for (String value : h.getValue()) {
        try {
          request.header(h.getKey(), value);
        } catch (IllegalArgumentException e) {
          throw new IOException("a value for header " + h.getKey() + " that can't be sent");
        }
      }
    }
  }

  /**
   * Not by {@link HttpRequest.Builder#timeout}, which from JDK 26 on limits the whole body as well.
   */
  private Answer send(RegistryHost host, HttpRequest request)
      throws IOException, InterruptedException {
    HttpClient client = clients.of(host);
    CompletableFuture<HttpResponse<InputStream>> coming =
        client.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
    try {
      HttpResponse<InputStream> response =
          coming.get(config.responseTimeout().toNanos(), TimeUnit.NANOSECONDS);
      return new Answer(
          response,
          new WatchedBody(
              response.body(), watch, config.stallTimeout(), config.minBytesPerSecond()));
    } catch (TimeoutException e) {
      abandon(coming);
      throw new HttpTimeoutException("no answer within " + seconds());
    } catch (InterruptedException e) {
      abandon(coming);
      throw e;
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case PullException p -> throw p;
        case IOException io -> throw io;
        case null, default -> throw new IOException(String.valueOf(e.getMessage()), e);
      }
    }
  }

  private String seconds() {
    return config.responseTimeout().toMillis() / 1000.0 + " s";
  }

  private static void abandon(CompletableFuture<HttpResponse<InputStream>> coming)
      throws IOException {
    if (!coming.cancel(true) && !coming.isCompletedExceptionally()) {
      coming.join().body().close(); // it came at the last moment
    }
  }

  private static URI target(URI from, Answer answer) throws IOException {
    String location =
        answer
            .header("Location")
            .orElseThrow(() -> new IOException("a redirect without a Location"));
    try {
      URI to = from.resolve(location);
      String scheme = String.valueOf(to.getScheme());
      if (scheme.equalsIgnoreCase("http") || scheme.equalsIgnoreCase("https")) {
        return to;
      }
    } catch (IllegalArgumentException e) {
      // told below, without the location: it may be a signed one
      throw new IOException("a redirect to what is no address");
    }
    throw new IOException("a redirect to what is no http address");
  }

  private static boolean isRedirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  }

  /** As containerd's httpFallback: an answer that is no TLS, or none to the handshake. */
  private static boolean speaksNoTls(IOException e) {
    // of sun.security.ssl: "Unsupported or unrecognized SSL message", "Unrecognized SSL message"
    String message = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
    return e instanceof HttpConnectTimeoutException || message.contains("unrecognized ssl message");
  }

  private static URI byHttp(URI uri) {
    return URI.create("http" + uri.toString().substring("https".length()));
  }

  private static boolean sameOrigin(URI a, URI b) {
    return String.valueOf(a.getScheme()).equalsIgnoreCase(b.getScheme())
        && String.valueOf(a.getHost()).equalsIgnoreCase(b.getHost())
        && RegistryHost.effectivePort(a) == RegistryHost.effectivePort(b);
  }

  private static String where(URI uri) {
    return uri.getScheme() + "://" + uri.getRawAuthority();
  }

  @Override
  public void close() {
    watch.shutdownNow();
    clients.close();
  }
}
