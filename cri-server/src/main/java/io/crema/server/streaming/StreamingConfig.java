package io.crema.server.streaming;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where and how the streaming server listens.
 *
 * @param host a name or address
 * @param port 0 for any that is free
 * @param certificate a PEM file, and {@code key} the one of its key, for TLS; null for plain HTTP
 */
public record StreamingConfig(
    String host, int port, @Nullable Path certificate, @Nullable Path key, Limits limits) {
  public StreamingConfig {
    if ((certificate == null) != (key == null)) {
      throw new IllegalArgumentException("a certificate and a key, or neither");
    }
  }

  /** On the loopback only: the kubelet connects from the same host. */
  public static final StreamingConfig DEFAULT =
      new StreamingConfig("127.0.0.1", 0, null, null, Limits.DEFAULT);

  /** Host and port, as the configuration has them and as an URL does. */
  public String address() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }

  /** The same with the port that {@link #port} 0 became. */
  StreamingConfig at(int actual) {
    return new StreamingConfig(host, actual, certificate, key, limits);
  }

  boolean tls() {
    return certificate != null;
  }
}
