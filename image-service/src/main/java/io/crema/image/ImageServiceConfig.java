package io.crema.image;

import io.crema.image.model.Platform;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * The image service's settings.
 *
 * @param root directory that the service owns wholly, for instance {@code /var/lib/crema/images}
 * @param certsDirs directories in containerd's {@code certs.d} form, first match wins; missing ones
 *     are no error
 * @param platform which image of an index to take
 * @param parallelLayers layers of one pull that download and unpack at once
 * @param connectTimeout for one host to accept a connection, unless its hosts.toml has a
 *     dial_timeout
 * @param responseTimeout for a host to answer a request's first byte
 * @param stallTimeout a download that brings less than {@code minBytesPerSecond} over this time is
 *     broken off and resumed; there is no limit on a pull's whole time
 * @param retries resumptions without any new byte before a host is given up
 * @param pinned references of images that are never to be garbage-collected
 */
public record ImageServiceConfig(
    Path root,
    List<Path> certsDirs,
    Platform platform,
    Limits limits,
    int parallelLayers,
    Duration connectTimeout,
    Duration responseTimeout,
    Duration stallTimeout,
    long minBytesPerSecond,
    int retries,
    List<String> pinned) {
  public ImageServiceConfig {
    certsDirs = List.copyOf(certsDirs);
    pinned = List.copyOf(pinned);
    if (parallelLayers < 1) {
      throw new IllegalArgumentException(
          "parallelLayers must be at least 1, not " + parallelLayers);
    }
  }

  /** The defaults, with {@code /etc/containerd/certs.d} and {@code /etc/crema/certs.d}. */
  public static ImageServiceConfig at(Path root) {
    return new ImageServiceConfig(
        root,
        List.of(Path.of("/etc/crema/certs.d"), Path.of("/etc/containerd/certs.d")),
        Platform.host(),
        Limits.DEFAULT,
        3,
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        Duration.ofSeconds(30),
        1024,
        4,
        List.of());
  }

  /** With other directories of registry hosts. */
  public ImageServiceConfig withCertsDirs(List<Path> dirs) {
    return new ImageServiceConfig(
        root,
        dirs,
        platform,
        limits,
        parallelLayers,
        connectTimeout,
        responseTimeout,
        stallTimeout,
        minBytesPerSecond,
        retries,
        pinned);
  }

  /** With other limits. */
  public ImageServiceConfig withLimits(Limits other) {
    return new ImageServiceConfig(
        root,
        certsDirs,
        platform,
        other,
        parallelLayers,
        connectTimeout,
        responseTimeout,
        stallTimeout,
        minBytesPerSecond,
        retries,
        pinned);
  }

  /** With other pinned references. */
  public ImageServiceConfig withPinned(List<String> references) {
    return new ImageServiceConfig(
        root,
        certsDirs,
        platform,
        limits,
        parallelLayers,
        connectTimeout,
        responseTimeout,
        stallTimeout,
        minBytesPerSecond,
        retries,
        references);
  }

  /** With another floor for downloads. */
  public ImageServiceConfig withTimeouts(
      Duration connect, Duration response, Duration stall, int retryCount) {
    return new ImageServiceConfig(
        root,
        certsDirs,
        platform,
        limits,
        parallelLayers,
        connect,
        response,
        stall,
        minBytesPerSecond,
        retryCount,
        pinned);
  }
}
