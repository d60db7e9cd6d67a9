package io.crema.image.model;

import java.util.List;

/**
 * An image manifest, OCI or Docker schema 2.
 *
 * @param config the configuration blob, whose digest is the image's id
 * @param layers bottom first
 */
public record Manifest(Blob config, List<Layer> layers) {
  public Manifest {
    layers = List.copyOf(layers);
  }

  /** One layer blob. */
  public record Layer(Blob blob, Compression compression) {}
}
