package io.crema.runtime.cgroup;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Makes and removes groups in one hierarchy, with their missing parents.
 *
 * <p>Parents that were made here bear a mark, and go when they are empty. Another daemon may remove
 * such a parent at the very moment that a group is made in it: that is tried again.
 */
final class Directories {
  private static final int ATTEMPTS = 20;

  /** What a new directory needs before a group can be made in it, or a process be put into it. */
  @FunctionalInterface
  interface Prepare {
    void prepare(Path parent, Path directory) throws IOException;
  }

  private final CgroupFiles files;
  private final Path root;
  private final Prepare prepare;

  /** Parents that couldn't be marked; guarded by {@link #lock}. */
  private final Set<Path> unmarked = new HashSet<>();

  private final ReentrantLock lock = new ReentrantLock();

  /**
   * @param prepare called for each directory on the way to a new group, from the root's child
   *     downward, the new one last
   */
  Directories(CgroupFiles files, Path root, Prepare prepare) {
    this.files = files;
    this.root = root;
    this.prepare = prepare;
  }

  Path root() {
    return root;
  }

  /** The group's directory. */
  Path of(CgroupPath path) {
    return path.isRoot() ? root : root.resolve(path.value().substring(1));
  }

  /** Makes the group; on failure nothing that was made is left. */
  void make(CgroupPath path) throws IOException {
    if (path.isRoot()) {
      throw new IOException("the root cgroup can't be made");
    }
    for (int attempt = 1; ; attempt++) {
      Deque<Path> made = new ArrayDeque<>();
      try {
        makeOnce(path, made);
        return;
      } catch (IOException | RuntimeException e) {
        undo(made, e);
        boolean parentVanished = e instanceof ErrnoException errno && errno.is(Errno.ENOENT);
        if (!parentVanished || attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private void makeOnce(CgroupPath path, Deque<Path> made) throws IOException {
    List<CgroupPath> chain = path.fromRoot();
    for (CgroupPath step : chain) {
      Path directory = of(step);
      boolean last = step.equals(path);
      if (files.makeDirectory(directory)) {
        made.push(directory);
        if (!last && !files.mark(directory)) {
          remember(directory, true);
        }
      } else if (last) {
        throw new IOException("cgroup " + path + " is there already: " + directory);
      }
      prepare.prepare(of(step.parent()), directory);
    }
  }

  private void undo(Deque<Path> made, Exception cause) {
    for (Path directory : made) {
      try {
        files.removeDirectory(directory);
        remember(directory, false);
      } catch (IOException e) {
        cause.addSuppressed(e);
      }
    }
  }

  /** Removes those parents of {@code path} that were made here and are empty. */
  void removeParents(CgroupPath path) throws IOException {
    for (CgroupPath p = path.parent(); !p.isRoot(); p = p.parent()) {
      Path directory = of(p);
      if (!isOurs(directory)) {
        return;
      }
      try {
        files.removeDirectory(directory);
        remember(directory, false);
      } catch (ErrnoException e) {
        if (e.is(Errno.EBUSY) || e.is(Errno.ENOTEMPTY)) {
          return; // still in use: the last group in it will see to it
        }
        throw e;
      }
    }
  }

  private boolean isOurs(Path directory) throws IOException {
    lock.lock();
    try {
      if (unmarked.contains(directory)) {
        return true;
      }
    } finally {
      lock.unlock();
    }
    return files.isMarked(directory);
  }

  private void remember(Path directory, boolean ours) {
    lock.lock();
    try {
      if (ours) {
        unmarked.add(directory);
      } else {
        unmarked.remove(directory);
      }
    } finally {
      lock.unlock();
    }
  }
}
