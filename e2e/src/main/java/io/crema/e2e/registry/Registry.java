package io.crema.e2e.registry;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A read-only registry on a loopback port: the pull half of the OCI distribution specification 1.1,
 * over plain HTTP. A blob may be asked for from an offset (Range), as clients do after a broken
 * connection.
 */
public final class Registry implements AutoCloseable {

  private static final Pattern PATH = Pattern.compile("/v2/(.+)/(manifests|blobs|tags)/([^/]+)");
  private static final Pattern RANGE = Pattern.compile("bytes=([0-9]+)-");

  private final HttpServer server;
  private final Layout layout;

  private Registry(HttpServer server, Layout layout) {
    this.server = server;
    this.layout = layout;
  }

  /** Serves a layout on 127.0.0.1; port 0 takes a free one. */
  public static Registry serve(Layout layout, int port) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), 128);
    Registry registry = new Registry(server, layout);
    server.createContext("/v2/", registry::handle);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
    return registry;
  }

  /** The port that it listens on. */
  public int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String method = exchange.getRequestMethod();
      String path = exchange.getRequestURI().getPath();
      exchange.getResponseHeaders().set("Docker-Distribution-API-Version", "registry/2.0");
      if (!method.equals("GET") && !method.equals("HEAD")) {
        error(exchange, 405, "UNSUPPORTED", method + " on a read-only registry");
        return;
      }
      if (path.equals("/v2/")) {
        send(exchange, 200, "application/json", "{}");
        return;
      }
      Matcher matcher = PATH.matcher(path);
      if (!matcher.matches()) {
        error(exchange, 404, "NAME_UNKNOWN", path);
        return;
      }
      String name = matcher.group(1);
      String reference = matcher.group(3);
      switch (matcher.group(2)) {
        case "manifests" -> manifest(exchange, name, reference);
        case "blobs" -> {
          Optional<Path> blob = layout.blob(reference);
          if (blob.isEmpty()) {
            error(exchange, 404, "BLOB_UNKNOWN", reference);
          } else {
            file(exchange, blob.get(), reference, "application/octet-stream");
          }
        }
        default -> tags(exchange, name);
      }
    }
  }

  private void manifest(HttpExchange exchange, String name, String reference) throws IOException {
    Optional<String> digest = layout.resolve(name, reference);
    Optional<String> type =
        digest.isPresent() ? layout.manifestType(digest.get()) : Optional.empty();
    Optional<Path> blob = digest.flatMap(layout::blob);
    if (type.isEmpty() || blob.isEmpty()) {
      error(exchange, 404, "MANIFEST_UNKNOWN", name + " has no " + reference);
      return;
    }
    file(exchange, blob.get(), digest.orElseThrow(), type.get());
  }

  private void tags(HttpExchange exchange, String name) throws IOException {
    List<String> tags = layout.tagsOf(name);
    String list = tags.stream().map(t -> '"' + t + '"').collect(Collectors.joining(","));
    send(exchange, 200, "application/json", "{\"name\":\"" + name + "\",\"tags\":[" + list + "]}");
  }

  private static void file(HttpExchange exchange, Path file, String digest, String type)
      throws IOException {
    long size = Files.size(file);
    long from = 0;
    String range = exchange.getRequestHeaders().getFirst("Range");
    Matcher matcher = RANGE.matcher(range == null ? "" : range);
    if (matcher.matches()) {
      from = Long.parseLong(matcher.group(1));
      if (from >= size) {
        error(exchange, 416, "RANGE_INVALID", range + " of " + size + " bytes");
        return;
      }
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes %d-%d/%d".formatted(from, size - 1, size));
    }
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.getResponseHeaders().set("Docker-Content-Digest", digest);
    exchange.getResponseHeaders().set("Accept-Ranges", "bytes");
    boolean head = exchange.getRequestMethod().equals("HEAD");
    if (head) {
      exchange.getResponseHeaders().set("Content-Length", Long.toString(size - from));
    }
    exchange.sendResponseHeaders(matcher.matches() ? 206 : 200, head ? -1 : size - from);
    if (!head) {
      try (InputStream in = Files.newInputStream(file);
          OutputStream out = exchange.getResponseBody()) {
        in.skipNBytes(from);
        in.transferTo(out);
      }
    }
  }

  private static void error(HttpExchange exchange, int status, String code, String message)
      throws IOException {
    send(
        exchange,
        status,
        "application/json",
        "{\"errors\":[{\"code\":\"%s\",\"message\":\"%s\"}]}"
            .formatted(code, message.replace('"', '\'')));
  }

  private static void send(HttpExchange exchange, int status, String type, String text)
      throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, head ? -1 : bytes.length);
    if (!head) {
      exchange.getResponseBody().write(bytes);
    }
  }
}
