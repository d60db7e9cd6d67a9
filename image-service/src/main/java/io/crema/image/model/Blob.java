package io.crema.image.model;

import java.util.List;

/**
 * An OCI content descriptor: what to fetch and how to check it.
 *
 * @param size bytes, not negative
 * @param urls where a foreign layer lies; empty for everything else
 */
public record Blob(String mediaType, Digest digest, long size, List<String> urls) {
  public Blob {
    urls = List.copyOf(urls);
    if (size < 0) {
      throw new IllegalArgumentException("size " + size + " of " + digest + " is negative");
    }
  }

  /** A descriptor without urls. */
  public Blob(String mediaType, Digest digest, long size) {
    this(mediaType, digest, size, List.of());
  }
}
