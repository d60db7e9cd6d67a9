package io.crema.image.layer;

import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.UUID;

/**
 * Removes trees that may be hostile: by descriptor ({@code openat}, {@code unlinkat}), never
 * following a link, and with a bounded number of descriptors however deep the tree is.
 */
final class TreeRemover {
  /** Each level holds a descriptor; what lies deeper is first moved up. */
  private static final int MAX_DEPTH = 64;

  private static final String PREFIX = ".crema-removed-";

  /** Removes {@code name} in {@code parent}; must be a directory. */
  void remove(Fd parent, String name) throws IOException {
    // under a name that java.nio can spell in every locale
    String plain = PREFIX + UUID.randomUUID();
    Paths.linux().renameAt(parent, name, parent, plain, 0);
    remove(Path.of(parent.procPath()).resolve(plain));
  }

  /** Removes a directory; absent is fine. */
  void remove(Path directory) throws IOException {
    Path above = directory.getParent();
    if (above == null) {
      throw new IOException("refusing to remove " + directory);
    }
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(above)) {
      SecureDirectoryStream<Path> top = secure(stream, above);
      Deque<Path> todo = new ArrayDeque<>();
      todo.add(directory.getFileName());
      for (Path next = todo.poll(); next != null; next = todo.poll()) {
        empty(top, next, top, 0, todo);
        top.deleteDirectory(next);
      }
    } catch (NoSuchFileException e) {
      if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
        throw e;
      }
    }
  }

  @SuppressWarnings("unchecked")
  private static SecureDirectoryStream<Path> secure(DirectoryStream<Path> stream, Path of)
      throws IOException {
    if (stream instanceof SecureDirectoryStream<?> s) {
      return (SecureDirectoryStream<Path>) s;
    }
    throw new IOException("no openat(2) for " + of);
  }

  private void empty(
      SecureDirectoryStream<Path> parent,
      Path name,
      SecureDirectoryStream<Path> top,
      int depth,
      Deque<Path> todo)
      throws IOException {
    try (SecureDirectoryStream<Path> dir =
        parent.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
      for (Path entry : dir) {
        Path child = entry.getFileName();
        if (!isDirectory(dir, child)) {
          dir.deleteFile(child);
        } else if (depth < MAX_DEPTH) {
          empty(dir, child, top, depth + 1, todo);
          dir.deleteDirectory(child);
        } else {
          Path up = child.getFileSystem().getPath(PREFIX + UUID.randomUUID());
          dir.move(child, top, up);
          todo.add(up);
        }
      }
    }
  }

  private static boolean isDirectory(SecureDirectoryStream<Path> dir, Path child)
      throws IOException {
    BasicFileAttributeView view =
        dir.getFileAttributeView(child, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    if (view == null) {
      throw new FileSystemException(child.toString(), null, "no attributes");
    }
    return view.readAttributes().isDirectory();
  }
}
