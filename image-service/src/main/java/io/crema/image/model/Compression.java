package io.crema.image.model;

/** How a layer's tar is packed. */
public enum Compression {
  NONE,
  GZIP,
  ZSTD
}
