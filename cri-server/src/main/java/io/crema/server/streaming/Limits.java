package io.crema.server.streaming;

import java.time.Duration;

/**
 * How long clients may take.
 *
 * @param creation for the request, and then for the streams that it needs
 * @param idle without a byte in either direction
 * @param connections at most so many at once
 */
public record Limits(Duration creation, Duration idle, int connections) {
  /** As k8s.io/cri-streaming. */
  public static final Limits DEFAULT =
      new Limits(Duration.ofSeconds(30), Duration.ofHours(4), 1024);
}
