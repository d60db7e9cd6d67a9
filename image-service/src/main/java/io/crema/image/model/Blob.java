package io.crema.image.model;

/**
 * An OCI content descriptor: what to fetch and how to check it. Its {@code urls}, for layers that a
 * registry may not hand out, are not followed: such layers are of Windows, and an image must not
 * choose whom a node asks.
 *
 * @param size bytes, not negative
 */
public record Blob(String mediaType, Digest digest, long size) {
  public Blob {
    if (size < 0) {
      throw new IllegalArgumentException("size " + size + " of " + digest + " is negative");
    }
  }
}
