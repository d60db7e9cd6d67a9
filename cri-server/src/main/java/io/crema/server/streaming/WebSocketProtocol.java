package io.crema.server.streaming;

import java.util.Arrays;
import java.util.Optional;

/** The WebSocket subprotocols, by their names on the wire. */
enum WebSocketProtocol {
  /** No subprotocol asked for: as {@link #V1}, and the answer names none. */
  NONE("", false, 1),
  V1("channel.k8s.io", false, 1),
  V1_BASE64("base64.channel.k8s.io", true, 1),
  V4("v4.channel.k8s.io", false, 4),
  V4_BASE64("v4.base64.channel.k8s.io", true, 4),
  V5("v5.channel.k8s.io", false, 5),
  /** SPDY/3.1 in binary messages, for port forwarding. */
  SPDY_TUNNEL("SPDY/3.1+portforward.k8s.io", false, 0);

  private final String wireName;
  private final boolean base64;
  private final int version;

  WebSocketProtocol(String wireName, boolean base64, int version) {
    this.wireName = wireName;
    this.base64 = base64;
    this.version = version;
  }

  String wireName() {
    return wireName;
  }

  /** Whether messages are text, their bytes in base64. */
  boolean base64() {
    return base64;
  }

  /** Whether the client can end a single channel. */
  boolean halfClose() {
    return version >= 5;
  }

  /** Whether how a command ended is told as a JSON Status, else errors only, as text. */
  boolean jsonStatus() {
    return version >= 4;
  }

  static Optional<WebSocketProtocol> of(String wireName) {
    return Arrays.stream(values()).filter(p -> p.wireName.equals(wireName)).findFirst();
  }
}
