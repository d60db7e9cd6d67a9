package io.crema.image.registry;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a host answered. Closing it before its body's end costs the connection. */
final class Answer implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int MAX_ERROR = 16 * 1024;
  private static final int MAX_REASON = 300;

  private final HttpResponse<InputStream> response;
  private final WatchedBody body;

  Answer(HttpResponse<InputStream> response, WatchedBody body) {
    this.response = response;
    this.body = body;
  }

  int status() {
    return response.statusCode();
  }

  Optional<String> header(String name) {
    return response.headers().firstValue(name);
  }

  List<String> headers(String name) {
    return response.headers().allValues(name);
  }

  /** The body, whose reads fail when it stalls. */
  InputStream body() {
    return body;
  }

  /** The whole body, or one byte more than {@code limit} of it. */
  byte[] read(long limit) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] chunk = new byte[16 * 1024];
    while (out.size() <= limit) {
      int n = body.read(chunk, 0, (int) Math.min(chunk.length, limit + 1 - out.size()));
      if (n < 0) {
        break;
      }
      out.write(chunk, 0, n);
    }
    return out.toByteArray();
  }

  /** Reads a short body to its end, which leaves the connection for the next request. */
  void finish() throws IOException {
    read(MAX_ERROR);
  }

  /**
   * The status and what the host says of it: the distribution specification's {@code
   * {"errors":[{"code":…,"message":…}]}}, where that is what came.
   */
  String reason() throws IOException {
    byte[] text = read(MAX_ERROR);
    try {
      JsonNode error = JSON.readTree(text).path("errors").path(0);
      String code = error.path("code").asString("");
      String message = error.path("message").asString("");
      String all = code.isEmpty() ? message : message.isEmpty() ? code : code + ": " + message;
      if (!all.isEmpty()) {
        return status() + ": " + printable(all);
      }
    } catch (JacksonException e) {
      return status() + phrase(); // not in that form
    }
    return status() + phrase();
  }

  private String phrase() {
    return switch (status()) {
      case 401 -> ": authentication required";
      case 403 -> ": access denied";
      case 404 -> ": not found";
      case 429 -> ": too many requests";
      default -> "";
    };
  }

  private static String printable(String text) {
    String short1 = text.length() <= MAX_REASON ? text : text.substring(0, MAX_REASON) + "…";
    return new String(short1.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8)
        .replaceAll("\\p{Cntrl}", " ");
  }

  @Override
  public void close() throws IOException {
    body.close();
  }
}
