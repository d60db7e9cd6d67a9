package io.crema.sandbox.life;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an act was made of: each part's name and how long it took, in nanoseconds. Written by the
 * one thread that acts; others read it when it's {@linkplain #parts done}.
 */
final class Timings {
  private final Map<String, Long> parts = new LinkedHashMap<>();
  private long last = System.nanoTime();

  /** The part that began with the one before (or with this object) ends now. */
  void mark(String part) {
    long now = System.nanoTime();
    parts.merge(part, now - last, Long::sum);
    last = now;
  }

  /** All parts in the order in which they began. */
  Map<String, Long> parts() {
    return Collections.unmodifiableMap(parts);
  }
}
