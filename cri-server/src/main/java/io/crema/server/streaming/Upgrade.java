package io.crema.server.streaming;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a client's HTTP request leads to; as Handshake and UpgradeResponse of
 * k8s.io/streaming/pkg/httpstream and its wsstream, and RFC 6455, 4.2.
 */
sealed interface Upgrade {
  /** An error for the client, whose connection ends. */
  record Refused(int status, String reason, Map<String, String> headers, String message)
      implements Upgrade {
    public Refused {
      headers = Map.copyOf(headers);
    }
  }

  /** SPDY/3.1; {@code protocol} is the one that client and server agreed on. */
  record Spdy(StreamRequest request, String protocol) implements Upgrade {}

  /** WebSocket; {@code accept} is the answer to the client's key. */
  record WebSocket(StreamRequest request, WebSocketProtocol protocol, String accept)
      implements Upgrade {}

  /** Names the versions that the client speaks over SPDY. */
  String VERSION = "X-Stream-Protocol-Version";

  /** Names those that the server speaks, when there is none in common. */
  String ACCEPTED_VERSIONS = "X-Accepted-Stream-Protocol-Versions";

  /** RFC 6455, 1.3. */
  String WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

  Set<WebSocketProtocol> REMOTE_COMMAND =
      Set.of(
          WebSocketProtocol.NONE,
          WebSocketProtocol.V1,
          WebSocketProtocol.V1_BASE64,
          WebSocketProtocol.V4,
          WebSocketProtocol.V4_BASE64,
          WebSocketProtocol.V5);
  Set<WebSocketProtocol> PORT_FORWARD =
      Set.of(
          WebSocketProtocol.NONE,
          WebSocketProtocol.V4,
          WebSocketProtocol.V4_BASE64,
          WebSocketProtocol.SPDY_TUNNEL);

  /** Decides on {@code http}. A token is used up even when what follows is refused. */
  static Upgrade of(HttpRequest http, StreamTokens tokens) {
    if (http.decoderResult().isFailure()) {
      return refuse(400, "Bad Request", "malformed or oversized HTTP request");
    }
    if (!http.method().equals(HttpMethod.GET) && !http.method().equals(HttpMethod.POST)) {
      return refuse(405, "Method Not Allowed", "GET and POST only");
    }
    Optional<StreamRequest> request = redeem(http.uri(), tokens);
    if (request.isEmpty()) {
      return refuse(404, "Not Found", "404 page not found");
    }
    HttpHeaders headers = http.headers();
    boolean upgrade =
        headers.getAll(HttpHeaderNames.CONNECTION).stream()
            .anyMatch(value -> lower(value).contains("upgrade"));
    String to = lower(headers.get(HttpHeaderNames.UPGRADE, ""));
    if (upgrade && to.equals("websocket")) {
      return webSocket(http, request.get());
    }
    if (upgrade && to.contains("spdy/3.1")) {
      return spdy(headers, request.get());
    }
    return refuse(400, "Bad Request", "unable to upgrade: neither to SPDY/3.1 nor to WebSocket");
  }

  private static Optional<StreamRequest> redeem(String uri, StreamTokens tokens) {
    String path = uri.indexOf('?') < 0 ? uri : uri.substring(0, uri.indexOf('?'));
    String[] parts = path.split("/", -1);
    return parts.length == 3 && parts[0].isEmpty()
        ? tokens.redeem(parts[1], parts[2])
        : Optional.empty();
  }

  private static Upgrade spdy(HttpHeaders headers, StreamRequest request) {
    List<String> offered = values(headers.getAll(VERSION));
    List<String> known =
        request instanceof StreamRequest.PortForward
            ? List.of(SpdyProtocol.PORT_FORWARD)
            : SpdyProtocol.names();
    if (offered.isEmpty()) {
      return refuse(400, "Bad Request", "unable to upgrade: " + VERSION + " is required");
    }
    return offered.stream()
        .filter(known::contains)
        .findFirst()
        .<Upgrade>map(protocol -> new Spdy(request, protocol))
        .orElseGet(
            () ->
                new Refused(
                    403,
                    "Forbidden",
                    Map.of(ACCEPTED_VERSIONS, String.join(", ", known)),
                    "unable to upgrade: unable to negotiate protocol: client supports %s, server accepts %s"
                        .formatted(offered, known)));
  }

  private static Upgrade webSocket(HttpRequest http, StreamRequest request) {
    HttpHeaders headers = http.headers();
    String key = headers.get(HttpHeaderNames.SEC_WEBSOCKET_KEY, "");
    if (!http.method().equals(HttpMethod.GET)
        || !http.protocolVersion().equals(HttpVersion.HTTP_1_1)
        || !headers.get(HttpHeaderNames.SEC_WEBSOCKET_VERSION, "").equals("13")
        || !sixteenBytes(key)) {
      return new Refused(
          400,
          "Bad Request",
          Map.of("Sec-WebSocket-Version", "13"),
          "not a WebSocket handshake of RFC 6455");
    }
    List<String> offered = values(headers.getAll(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL));
    Set<WebSocketProtocol> known =
        request instanceof StreamRequest.PortForward ? PORT_FORWARD : REMOTE_COMMAND;
    List<String> asked = offered.isEmpty() ? List.of("") : offered;
    return asked.stream()
        .flatMap(name -> WebSocketProtocol.of(name).stream())
        .filter(known::contains)
        .findFirst()
        .<Upgrade>map(protocol -> new WebSocket(request, protocol, accept(key)))
        .orElseGet(
            () ->
                refuse(
                    403,
                    "Forbidden",
                    "requested protocol(s) are not supported: %s".formatted(offered)));
  }

  private static boolean sixteenBytes(String key) {
    try {
      return Base64.getDecoder().decode(key).length == 16;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static String accept(String key) {
    try {
      return Base64.getEncoder()
          .encodeToString(
              MessageDigest.getInstance("SHA-1")
                  .digest((key + WEBSOCKET_GUID).getBytes(StandardCharsets.US_ASCII)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-1", e);
    }
  }

  private static List<String> values(List<String> headers) {
    return headers.stream()
        .flatMap(header -> Arrays.stream(header.split(",")))
        .map(String::strip)
        .filter(value -> !value.isEmpty())
        .toList();
  }

  private static String lower(String value) {
    return value.toLowerCase(Locale.ROOT);
  }

  private static Refused refuse(int status, String reason, String message) {
    return new Refused(status, reason, Map.of(), message);
  }

  /** The head, and for a refusal the body, of the answer. */
  default byte[] response() {
    List<String> lines = new ArrayList<>();
    String body = "";
    switch (this) {
      case Refused refused -> {
        body = refused.message() + "\n";
        lines.add("HTTP/1.1 " + refused.status() + " " + refused.reason());
        new LinkedHashMap<>(refused.headers())
            .forEach((name, value) -> lines.add(name + ": " + value));
        lines.add("Content-Type: text/plain; charset=utf-8");
        lines.add("X-Content-Type-Options: nosniff");
        lines.add("Content-Length: " + body.getBytes(StandardCharsets.UTF_8).length);
        lines.add("Connection: close");
      }
      case Spdy spdy -> {
        lines.add("HTTP/1.1 101 Switching Protocols");
        lines.add("Connection: Upgrade");
        lines.add("Upgrade: SPDY/3.1");
        lines.add(VERSION + ": " + spdy.protocol());
      }
      case WebSocket webSocket -> {
        lines.add("HTTP/1.1 101 Switching Protocols");
        lines.add("Connection: Upgrade");
        lines.add("Upgrade: websocket");
        lines.add("Sec-WebSocket-Accept: " + webSocket.accept());
        if (webSocket.protocol() != WebSocketProtocol.NONE) {
          lines.add("Sec-WebSocket-Protocol: " + webSocket.protocol().wireName());
        }
      }
    }
    return (String.join("\r\n", lines) + "\r\n\r\n" + body).getBytes(StandardCharsets.UTF_8);
  }
}
