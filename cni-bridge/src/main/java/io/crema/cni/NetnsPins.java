package io.crema.cni;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Mounts;
import io.crema.runtime.linux.Paths;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Names for pods' network namespaces, by bind mounts: plugins want a path, and the same one for as
 * long as the pod lives, whatever becomes of the daemon.
 */
final class NetnsPins {
  private static final long NSFS_MAGIC = 0x6e736673;

  private final Path dir;

  /**
   * @param dir as other runtimes use it, /run/netns, where agents of networks look
   */
  NetnsPins(Path dir) {
    this.dir = dir;
  }

  Path path(String sandboxId) {
    return dir.resolve("crema-" + sandboxId);
  }

  /** Mounts the namespace; fine if it is. */
  void pin(String sandboxId, Fd netns) throws IOException {
    Path path = path(sandboxId);
    Files.createDirectories(dir);
    try {
      Files.createFile(path);
    } catch (FileAlreadyExistsException e) {
      unmount(path); // an earlier attempt's, perhaps of another namespace
    }
    Mounts.linux().mount(netns.procPath(), path.toString(), "", Mounts.MS_BIND, "");
  }

  /** Whether it is there: not after a reboot. */
  boolean isPinned(String sandboxId) throws IOException {
    Path path = path(sandboxId);
    return Files.exists(path) && Paths.linux().statfs(path.toString()).type() == NSFS_MAGIC;
  }

  /** The namespace, for the caller to close. */
  Fd open(String sandboxId) throws IOException {
    return Paths.linux().open(path(sandboxId).toString(), Paths.O_RDONLY, 0);
  }

  /** Lets go of the namespace; fine if it is gone. */
  void unpin(String sandboxId) throws IOException {
    Path path = path(sandboxId);
    if (Files.exists(path)) {
      unmount(path);
      Files.deleteIfExists(path);
    }
  }

  private static void unmount(Path path) throws IOException {
    try {
      Mounts.linux().unmount(path.toString(), Mounts.MNT_DETACH | Mounts.UMOUNT_NOFOLLOW);
    } catch (ErrnoException e) {
      if (!e.is(Errno.EINVAL)) { // it isn't a mount
        throw e;
      }
    }
  }
}
