package io.crema.image;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a tree takes on disk. The tree may be a running container's: names come and go while it is
 * counted, and a directory may become a link; so it is walked by descriptor and no link is
 * followed.
 */
record DiskUse(long bytes, long inodes) {
  /** Each level holds a descriptor; what lies deeper isn't counted. */
  private static final int MAX_DEPTH = 256;

  /** Counts {@code directory} and what is below it; nothing when it isn't there. */
  static DiskUse of(Path directory) throws IOException {
    Counter counter = new Counter();
    counter.directory(null, directory.toString(), 0);
    return new DiskUse(counter.bytes, counter.inodes);
  }

  private static final class Counter {
    private final Paths paths = Paths.linux();
    private final Set<Long> linked = new HashSet<>();
    private long bytes;
    private long inodes;

    void directory(@org.jspecify.annotations.Nullable Fd parent, String name, int depth)
        throws IOException {
      Fd opened;
      try {
        int flags = Paths.O_RDONLY | Paths.directoryFlag() | Paths.noFollowFlag();
        opened = paths.openAt2(parent, name, flags, 0, Paths.RESOLVE_NO_MAGICLINKS);
      } catch (ErrnoException e) {
        if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP)) {
          return; // gone, or another thing now
        }
        throw e;
      }
      try (Fd fd = opened) {
        add(paths.stat(fd, ""));
        for (String child : names(fd)) {
          Paths.Stat stat = paths.statIfPresent(fd, child);
          if (stat == null) {
            continue;
          }
          if (!stat.isDirectory()) {
            add(stat);
          } else if (depth < MAX_DEPTH) {
            directory(fd, child, depth + 1);
          }
        }
      }
    }

    private static List<String> names(Fd directory) throws IOException {
      List<String> names = new ArrayList<>();
      try (DirectoryStream<Path> stream = Files.newDirectoryStream(Path.of(directory.procPath()))) {
        for (Path p : stream) {
          names.add(p.getFileName().toString());
        }
      }
      return names;
    }

    private void add(Paths.Stat stat) {
      if (stat.links() > 1 && !stat.isDirectory() && !linked.add(stat.inode())) {
        return; // under another name before
      }
      bytes += stat.blocks512() * 512;
      inodes++;
    }
  }
}
