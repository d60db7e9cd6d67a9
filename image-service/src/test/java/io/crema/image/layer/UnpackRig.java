package io.crema.image.layer;

import io.crema.image.model.Compression;
import io.crema.image.rig.Tar;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Unpacks into a directory that has a neighbour, which nothing may touch. */
final class UnpackRig {
  static final UnpackLimits LIMITS = new UnpackLimits(1L << 30, 500, 10_000);

  private final Path above;
  private int number;

  UnpackRig(Path directory) throws IOException {
    above = directory;
    Files.createDirectories(directory.resolve("outside"));
    Files.writeString(directory.resolve("outside/victim"), "untouched");
  }

  /** Where the last layer lies. */
  Path tree() {
    return above.resolve("tree-" + number);
  }

  Path outside() {
    return above.resolve("outside");
  }

  LayerInfo unpack(Tar tar) throws IOException {
    return unpack(tar.end(), Compression.NONE, LIMITS);
  }

  LayerInfo unpack(byte[] packed, Compression compression, UnpackLimits limits) throws IOException {
    number++;
    Files.createDirectory(tree());
    return LayerUnpacker.unpack(
        new ByteArrayInputStream(packed),
        compression,
        packed.length,
        tree(),
        above.resolve("scratch-" + number),
        limits);
  }
}
