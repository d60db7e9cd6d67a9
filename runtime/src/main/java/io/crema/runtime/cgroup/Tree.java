package io.crema.runtime.cgroup;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A group and what its processes made below it. */
final class Tree {
  private Tree() {}

  /** {@code directory} and all groups below it, each after those below it. */
  static List<Path> bottomUp(CgroupFiles files, Path directory) throws IOException {
    List<Path> out = new ArrayList<>();
    collect(files, directory, out);
    return out;
  }

  private static void collect(CgroupFiles files, Path directory, List<Path> out)
      throws IOException {
    for (Path sub : files.subgroups(directory)) {
      collect(files, sub, out);
    }
    out.add(directory);
  }

  /** Removes {@code directory} and all below it, waiting for processes that are ending. */
  static void remove(CgroupFiles files, Path directory, CgroupPath name, long deadline)
      throws IOException {
    while (true) {
      Path busy = null;
      try {
        files.removeDirectory(directory); // nearly always there is nothing below it
        return;
      } catch (ErrnoException e) {
        rethrowUnlessBusy(e);
      }
      for (Path d : bottomUp(files, directory)) {
        try {
          files.removeDirectory(d);
        } catch (ErrnoException e) {
          rethrowUnlessBusy(e);
          busy = d;
          break;
        }
      }
      if (busy != null) {
        List<Integer> pids = new Values(files, busy).processes();
        if (System.nanoTime() > deadline) {
          throw new IOException(
              "cgroup "
                  + name
                  + ": "
                  + busy
                  + " can't be removed: processes "
                  + pids
                  + " are in it");
        }
        Path events = busy.resolve("cgroup.events");
        Ending.awaitChange(pids, files.exists(events) ? events : null, deadline);
      }
    }
  }

  private static void rethrowUnlessBusy(ErrnoException e) throws ErrnoException {
    if (!e.is(Errno.EBUSY) && !e.is(Errno.ENOTEMPTY)) {
      throw e;
    }
  }
}
