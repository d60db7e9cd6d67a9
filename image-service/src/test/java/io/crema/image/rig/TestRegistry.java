package io.crema.image.rig;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.crema.image.model.Digest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/** A registry in this process, on the loopback, with faults to order. */
public final class TestRegistry implements AutoCloseable {
  private record Stored(String type, byte[] bytes) {}

  /** One request as it came; headers in lower case, of each the first value. */
  public record Request(
      String method,
      String path,
      @Nullable String query,
      Map<String, String> headers,
      String body) {
    public Request {
      headers = Map.copyOf(headers);
    }

    public @Nullable String header(String name) {
      return headers.get(name);
    }
  }

  /** Answers a request. */
  @FunctionalInterface
  public interface Reply {
    void to(HttpExchange exchange) throws IOException;
  }

  /** Answers some requests before all else; null leaves one to the registry. */
  @FunctionalInterface
  public interface Gate {
    @Nullable Reply look(Request request);
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final String scheme;
  private final Map<String, byte[]> blobs = new ConcurrentHashMap<>();
  private final Map<String, Stored> manifests = new ConcurrentHashMap<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final Map<String, Deque<Reply>> ordered = new ConcurrentHashMap<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile Gate gate = request -> null;
  private volatile boolean ranges = true;

  private TestRegistry(HttpServer server, String scheme) {
    this.server = server;
    this.scheme = scheme;
    server.createContext("/", this::serve);
    server.setExecutor(threads);
    server.start();
  }

  /** By http. */
  public static TestRegistry start() throws IOException {
    return new TestRegistry(HttpServer.create(loopback(), 0), "http");
  }

  /** By https; {@code clients}: wants a certificate of the client. */
  public static TestRegistry start(SSLContext context, boolean clients) throws IOException {
    HttpsServer server = HttpsServer.create(loopback(), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(context) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters tls = getSSLContext().getDefaultSSLParameters();
            tls.setNeedClientAuth(clients);
            parameters.setSSLParameters(tls);
          }
        });
    return new TestRegistry(server, "https");
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** Host and port. */
  public String authority() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  public String url() {
    return scheme + "://" + authority();
  }

  public void blob(Digest digest, byte[] content) {
    blobs.put(digest.toString(), content);
  }

  public byte[] blob(Digest digest) {
    return blobs.getOrDefault(digest.toString(), new byte[0]);
  }

  public void manifest(String repository, String tag, String type, byte[] content) {
    manifests.put(repository + ":" + tag, new Stored(type, content));
    manifests.put(repository + ":" + Digest.of(content), new Stored(type, content));
  }

  /** Sends whole blobs whatever range is asked. */
  public void withoutRanges() {
    ranges = false;
  }

  public void gate(Gate other) {
    gate = other;
  }

  /** Answers the next requests whose path ends with {@code suffix}, one after the other. */
  public void next(String suffix, Reply... replies) {
    ordered.computeIfAbsent(suffix, _ -> new ArrayDeque<>()).addAll(List.of(replies));
  }

  public List<Request> requests() {
    return List.copyOf(requests);
  }

  /** Those whose path ends with {@code suffix}. */
  public List<Request> requests(String suffix) {
    return requests.stream().filter(r -> r.path().endsWith(suffix)).toList();
  }

  public void forget() {
    requests.clear();
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      Map<String, String> headers = new ConcurrentHashMap<>();
      exchange
          .getRequestHeaders()
          .forEach((k, v) -> headers.put(k.toLowerCase(java.util.Locale.ROOT), v.getFirst()));
      Request request =
          new Request(
              exchange.getRequestMethod(),
              exchange.getRequestURI().getPath(),
              exchange.getRequestURI().getRawQuery(),
              headers,
              body);
      requests.add(request);
      Reply reply = gate.look(request);
      (reply == null ? reply(request) : reply).to(exchange);
    }
  }

  private Reply reply(Request request) {
    for (Map.Entry<String, Deque<Reply>> e : ordered.entrySet()) {
      if (request.path().endsWith(e.getKey())) {
        synchronized (e.getValue()) {
          Reply reply = e.getValue().poll();
          if (reply != null) {
            return reply;
          }
        }
      }
    }
    String path = request.path().replaceFirst("^/v2/", "");
    int at = path.lastIndexOf("/manifests/");
    if (at >= 0) {
      Stored found =
          manifests.get(path.substring(0, at) + ":" + path.substring(at + "/manifests/".length()));
      return found == null ? missing() : content(found.type(), found.bytes());
    }
    at = path.lastIndexOf("/blobs/");
    byte[] blob = at < 0 ? null : blobs.get(path.substring(at + "/blobs/".length()));
    return blob == null ? missing() : ranged(blob, request.header("range"));
  }

  private Reply ranged(byte[] blob, @Nullable String range) {
    if (range == null || !ranges) {
      return content("application/octet-stream", blob);
    }
    int from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
    return part(blob, from);
  }

  /** All of {@code bytes}. */
  public static Reply content(String type, byte[] bytes) {
    return exchange -> {
      exchange.getResponseHeaders().set("Content-Type", type);
      send(exchange, 200, bytes);
    };
  }

  /** 206 with what follows {@code from}. */
  public static Reply part(byte[] blob, int from) {
    return exchange -> {
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes %d-%d/%d".formatted(from, blob.length - 1, blob.length));
      send(exchange, 206, java.util.Arrays.copyOfRange(blob, from, blob.length));
    };
  }

  public static Reply missing() {
    return status(404, "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"unknown\"}]}");
  }

  public static Reply status(int status, String body, String... headers) {
    return exchange -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().add(headers[i], headers[i + 1]);
      }
      send(exchange, status, body.getBytes(StandardCharsets.UTF_8));
    };
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.getResponseBody().close();
  }

  /** Promises what is asked of {@code bytes}, sends {@code count} and cuts the connection. */
  public static Reply broken(byte[] bytes, int count) {
    return exchange -> {
      int from = head(exchange, bytes);
      exchange.getResponseBody().write(bytes, from, count);
      exchange.getResponseBody().flush(); // and the exchange's close ends the connection
    };
  }

  /** Promises what is asked of {@code bytes}, sends {@code count} and then nothing any more. */
  public Reply stalled(byte[] bytes, int count) {
    return exchange -> {
      int from = head(exchange, bytes);
      exchange.getResponseBody().write(bytes, from, count);
      exchange.getResponseBody().flush();
      awaitClose();
    };
  }

  /** Takes the request and never answers. */
  public Reply silence() {
    return exchange -> awaitClose();
  }

  private static int head(HttpExchange exchange, byte[] bytes) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
    if (from > 0) {
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes %d-%d/%d".formatted(from, bytes.length - 1, bytes.length));
    }
    exchange.sendResponseHeaders(from > 0 ? 206 : 200, bytes.length - from);
    return from;
  }

  private void awaitClose() throws IOException {
    try {
      closing.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Override
  public void close() {
    closing.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
