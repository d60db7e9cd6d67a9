package io.crema.server.config;

import java.time.Duration;
import java.util.List;

/**
 * What is set of images; the meaning of each is in docs/configuration.md.
 *
 * @param minSpeed bytes per second
 * @param maxLayerSize bytes as downloaded
 * @param maxUnpackedSize bytes
 */
public record ImageSettings(
    List<String> pinned,
    int parallelLayers,
    Duration connectTimeout,
    Duration responseTimeout,
    Duration progressTimeout,
    long minSpeed,
    int retries,
    long maxLayerSize,
    long maxUnpackedSize,
    int maxUnpackedRatio,
    long maxLayerEntries) {
  /** What holds where nothing is set. */
  public static final ImageSettings DEFAULT =
      new ImageSettings(
          List.of(),
          3,
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofSeconds(30),
          1024,
          4,
          64L << 30,
          256L << 30,
          500,
          5_000_000);

  public ImageSettings {
    pinned = List.copyOf(pinned);
  }
}
