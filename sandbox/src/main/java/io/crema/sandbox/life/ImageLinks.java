package io.crema.sandbox.life;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import java.io.IOException;
import java.nio.file.Path;

/** Links in an image's files. */
final class ImageLinks {
  private static final int MOST = 40; // MAXSYMLINKS of the kernel

  private ImageLinks() {}

  /**
   * Where the link at {@code path} leads within {@code root}, also when nothing is there; {@code
   * path} itself when it isn't a link. Only a hint: whoever uses the answer resolves it again
   * within the root.
   */
  static String follow(Fd root, String path) throws IOException {
    Path at = Path.of(path);
    for (int links = 0; links < MOST; links++) {
      Path parent = at.getParent();
      Path name = at.getFileName();
      if (parent == null || name == null) {
        return path;
      }
      String target;
      try (Fd directory = open(root, parent)) {
        target = Paths.linux().readLinkAt(directory, name.toString());
      } catch (ErrnoException e) {
        if (e.is(Errno.EINVAL) || e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
          return at.toString(); // no link, or nothing at all
        }
        if (e.is(Errno.ELOOP)) {
          return path;
        }
        throw e;
      }
      // ".." above the root is the root
      at = Path.of("/").resolve(parent.resolve(target)).normalize();
    }
    return path;
  }

  private static Fd open(Fd root, Path directory) throws ErrnoException {
    String below = Path.of("/").relativize(directory).toString();
    return Paths.linux()
        .openAt2(
            root,
            below.isEmpty() ? "." : below,
            Paths.O_PATH | Paths.directoryFlag(),
            0,
            Paths.RESOLVE_IN_ROOT | Paths.RESOLVE_NO_MAGICLINKS);
  }
}
