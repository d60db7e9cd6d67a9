package io.crema.image;

import java.nio.file.Path;
import java.util.List;

/**
 * A container's own overlay directories. While it exists the image's layers below it stay on disk,
 * also over a restart of the daemon.
 *
 * @param imageId the image below, {@code sha256:…}
 * @param upper overlay's upperdir, mode 0755, root's
 * @param work overlay's workdir, empty, on the same file system
 * @param lower the image's layers, top first
 */
public record WritableLayer(
    String containerId, String imageId, Path upper, Path work, List<Path> lower) {
  public WritableLayer {
    lower = List.copyOf(lower);
  }
}
