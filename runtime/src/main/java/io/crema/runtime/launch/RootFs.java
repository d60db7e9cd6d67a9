package io.crema.runtime.launch;

import java.util.List;

/** Where a container's root directory comes from. All paths are the host's, and absolute. */
public sealed interface RootFs {
  /**
   * An overlay that the launch mounts, seen by nobody but the container.
   *
   * @param lowers the image's layers, the topmost first; at least one
   * @param upper the container's writable layer
   * @param work an empty directory on the file system of {@code upper}
   */
  record Overlay(List<String> lowers, String upper, String work) implements RootFs {
    /** fsconfig(2) takes strings up to 255 bytes. */
    private static final int MAX_PATH = 255;

    public Overlay {
      lowers = List.copyOf(lowers);
      if (lowers.isEmpty()) {
        throw new IllegalArgumentException("an overlay without lower directories");
      }
      lowers.forEach(Overlay::check);
      check(upper);
      check(work);
    }

    private static void check(String path) {
      if (path.getBytes(java.nio.charset.StandardCharsets.UTF_8).length > MAX_PATH) {
        throw new IllegalArgumentException(
            "overlay directory " + path + ": longer than " + MAX_PATH + " bytes (fsconfig(2))");
      }
    }
  }

  /** A directory of the host, as it is. */
  record Directory(String path) implements RootFs {}
}
