package io.crema.server.streaming;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The versions of exec and attach over SPDY, best first. */
enum SpdyProtocol {
  V4("v4.channel.k8s.io"),
  V3("v3.channel.k8s.io"),
  V2("v2.channel.k8s.io"),
  V1("channel.k8s.io");

  /** The only one of port forwarding. */
  static final String PORT_FORWARD = "portforward.k8s.io";

  private final String wireName;

  SpdyProtocol(String wireName) {
    this.wireName = wireName;
  }

  /** Whether a terminal's client opens a stream for its sizes. */
  boolean resizes() {
    return this == V4 || this == V3;
  }

  /** Whether how a command ended is told as a JSON Status, else errors only, as text. */
  boolean jsonStatus() {
    return this == V4;
  }

  static List<String> names() {
    return Arrays.stream(values()).map(p -> p.wireName).toList();
  }

  static Optional<SpdyProtocol> of(String wireName) {
    return Arrays.stream(values()).filter(p -> p.wireName.equals(wireName)).findFirst();
  }
}
