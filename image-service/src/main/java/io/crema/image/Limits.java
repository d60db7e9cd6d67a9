package io.crema.image;

import io.crema.image.layer.UnpackLimits;

/**
 * What a hostile or broken registry may cost at most. A pull that exceeds one fails as {@code
 * PullException.TooLarge}, naming it.
 *
 * @param documentBytes a manifest, index or configuration; the distribution specification asks
 *     registries for 4 MiB
 * @param layers in one image; overlayfs stacks at most 500 directories (fs/overlayfs/params.c), and
 *     one is for what the stack needs beside them
 * @param layerBytes one layer as downloaded
 * @param unpackedBytes one layer unpacked, also the size of one file in it, holes and all
 * @param unpackedRatio unpacked to downloaded bytes, for layers that unpack beyond 1 GiB; gzip
 *     alone can't exceed 1032
 * @param entries files, links and directories in one layer
 */
public record Limits(
    long documentBytes,
    int layers,
    long layerBytes,
    long unpackedBytes,
    int unpackedRatio,
    long entries) {
  /** The documented defaults. */
  public static final Limits DEFAULT =
      new Limits(4L << 20, 499, 64L << 30, 256L << 30, 500, 5_000_000);

  /** Those on one layer's content. */
  UnpackLimits unpack() {
    return new UnpackLimits(unpackedBytes, unpackedRatio, entries);
  }
}
