package io.crema.image.layer;

import io.crema.image.layer.TarEntry.Piece;
import io.crema.runtime.linux.Descriptors;
import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Set;

/**
 * Writes a layer's entries below one directory and nowhere else, in the form that overlayfs wants
 * of a lower directory. Each entry costs as few system calls as its attributes allow.
 *
 * <p>Must run as root; of one thread. What is written is as in the archive whatever the umask.
 */
final class TreeWriter implements AutoCloseable {
  private static final int BUFFER = 256 * 1024;
  private static final int DISK_BLOCK = 4096;
  static final byte[] YES = {'y'};
  static final String OPAQUE = "trusted.overlay.opaque";
  private static final int IN_DIRECTORY = Paths.RESOLVE_BENEATH | Paths.RESOLVE_NO_SYMLINKS;

  private final Paths paths = Paths.linux();
  private final Descriptors descriptors = Descriptors.linux();
  private final Parents parents;
  private final DirectoryTimes times;
  private final TreeRemover remover = new TreeRemover();
  private final byte[] data = new byte[BUFFER];
  private final ByteBuffer direct = ByteBuffer.allocateDirect(BUFFER);

  /**
   * A directory with setgid hands its group on, so that owners must be set even when they are 0.
   */
  private boolean setgidSeen;

  private boolean rootOpaque;
  private long bytes;
  private long inodes;

  /** Borrows {@code root}, an empty directory; {@code times} is a scratch file's. */
  TreeWriter(Fd root, DirectoryTimes times, UnpackLimits limits) {
    this.times = times;
    this.parents = new Parents(paths, root, limits.entries());
  }

  /** Writes one entry; file data is read from {@code tar}. */
  void write(TarEntry e, TarReader tar) throws IOException {
    String path = EntryNames.clean(e.name());
    if (path.isEmpty()) {
      return; // the root itself: its attributes are ours, as in containerd
    }
    int slash = path.lastIndexOf('/');
    Fd parent = parents.directory(slash < 0 ? "" : path.substring(0, slash));
    String name = path.substring(slash + 1);
    try {
      if (name.startsWith(EntryNames.WHITEOUT)) {
        whiteout(parent, name, slash < 0, e);
      } else {
        create(e, tar, path, parent, name);
      }
    } catch (ErrnoException x) {
      boolean impossible =
          x.is(Errno.ENAMETOOLONG)
              || x.is(Errno.EINVAL)
              || x.is(Errno.EMLINK)
              || x.is(Errno.EFBIG)
              || x.is(Errno.EILSEQ);
      if (impossible) {
        throw LayerException.invalid("\"" + path + "\" can't be made: " + x.getMessage(), x);
      }
      throw x;
    }
  }

  private void create(TarEntry e, TarReader tar, String path, Fd parent, String name)
      throws IOException {
    switch (e.type()) {
      case '0' -> file(e, tar, parent, name);
      case '1' -> hardLink(e, path, parent, name);
      case '2' -> symbolicLink(e, parent, name);
      case '3' -> node(e, Paths.S_IFCHR, parent, name);
      case '4' -> node(e, Paths.S_IFBLK, parent, name);
      case '5' -> directory(e, path, parent, name);
      case '6' -> node(e, Paths.S_IFIFO, parent, name);
      default ->
          throw LayerException.invalid(
              "\"" + path + "\" is of tar type '" + e.type() + "', which is not known");
    }
  }

  private void file(TarEntry e, TarReader tar, Fd parent, String name) throws IOException {
    long flags =
        Paths.O_WRONLY | Paths.O_CREAT | Paths.O_EXCL | Paths.O_NOCTTY | Paths.noFollowFlag();
    Fd made;
    try {
      made = paths.openAt2(parent, name, flags, 0600, IN_DIRECTORY);
    } catch (ErrnoException x) {
      if (!x.is(Errno.EEXIST)) {
        throw x;
      }
      remove(parent, name);
      made = paths.openAt2(parent, name, flags, 0600, IN_DIRECTORY);
    }
    try (Fd fd = made) {
      if (e.sparse()) {
        for (Piece p : e.pieces()) {
          descriptors.seek(fd, p.offset());
          copy(tar, fd, p.length());
        }
        descriptors.truncate(fd, e.size());
      } else {
        copy(tar, fd, e.size());
      }
      if (ownerDiffers(e)) {
        paths.fchownAt(fd, "", e.uid(), e.gid(), Paths.AT_EMPTY_PATH);
      }
      for (Map.Entry<String, byte[]> x : e.xattrs().entrySet()) {
        if (wanted(x.getKey())) {
          tolerant(e, x.getKey(), () -> paths.fsetxattr(fd, x.getKey(), x.getValue()));
        }
      }
      // made with 0600, so always set: cheaper than to reason about the umask
      paths.fchmod(fd, e.mode());
      paths.setTimes(fd, "", e.mtimeSeconds(), e.mtimeNanos());
    }
    count(e.sparse() ? e.pieces().stream().mapToLong(Piece::length).sum() : e.size());
  }

  private void copy(TarReader tar, Fd to, long length) throws IOException {
    long left = length;
    while (left > 0) {
      int filled = 0;
      int want = (int) Math.min(left, BUFFER);
      while (filled < want) {
        int n = tar.read(data, filled, want - filled);
        if (n < 0) {
          throw LayerException.invalid("tar: a file is shorter than its header says");
        }
        filled += n;
      }
      direct.put(0, data, 0, filled);
      descriptors.writeAll(to, direct, filled);
      left -= filled;
    }
  }

  private void hardLink(TarEntry e, String path, Fd parent, String name) throws IOException {
    String target = EntryNames.clean(e.linkName());
    if (target.equals(path)) {
      throw LayerException.invalid("\"" + path + "\" is a hard link to itself");
    }
    int slash = target.lastIndexOf('/');
    // parent stays open: the cache holds more than the two directories of one entry
    Fd from = parents.existing(slash < 0 ? "" : target.substring(0, slash));
    String fromName = target.substring(slash + 1);
    if (from == null || fromName.isEmpty() || paths.statIfPresent(from, fromName) == null) {
      throw LayerException.invalid(
          "\""
              + path
              + "\" is a hard link to \""
              + target
              + "\", which is not in the layer before it");
    }
    try {
      paths.linkAt(from, fromName, parent, name, 0);
    } catch (ErrnoException x) {
      if (x.is(Errno.EPERM)) {
        throw LayerException.invalid(
            "\"" + path + "\" is a hard link to \"" + target + "\", which is a directory", x);
      }
      if (!x.is(Errno.EEXIST)) {
        throw x;
      }
      Paths.Stat old = paths.stat(parent, name);
      Paths.Stat wanted = paths.stat(from, fromName);
      if (old.inode() == wanted.inode()) {
        return; // the same link twice, maybe by way of a symbolic link
      }
      if (old.isDirectory() && (target + "/").startsWith(path + "/")) {
        throw LayerException.invalid("\"" + path + "\" replaces a directory by a link into it");
      }
      // removing may close the cached directories: take both anew
      remove(parent, name);
      hardLink(e, path, parents.directory(parentOf(path)), name);
    }
  }

  private static String parentOf(String path) {
    int slash = path.lastIndexOf('/');
    return slash < 0 ? "" : path.substring(0, slash);
  }

  private void symbolicLink(TarEntry e, Fd parent, String name) throws IOException {
    if (e.linkName().isEmpty() || e.linkName().indexOf('\0') >= 0) {
      throw LayerException.invalid("\"" + e.name() + "\" is a symbolic link to nothing");
    }
    try {
      paths.symlinkAt(e.linkName(), parent, name);
    } catch (ErrnoException x) {
      if (!x.is(Errno.EEXIST)) {
        throw x;
      }
      remove(parent, name);
      paths.symlinkAt(e.linkName(), parent, name);
    }
    if (ownerDiffers(e)) {
      paths.fchownAt(parent, name, e.uid(), e.gid(), Paths.AT_SYMLINK_NOFOLLOW);
    }
    xattrsByName(e, parent, name);
    paths.setTimes(parent, name, e.mtimeSeconds(), e.mtimeNanos());
    count(0);
  }

  private void node(TarEntry e, int type, Fd parent, String name) throws IOException {
    try {
      paths.mknodAt(parent, name, type | 0600, e.major(), e.minor());
    } catch (ErrnoException x) {
      if (!x.is(Errno.EEXIST)) {
        throw x;
      }
      remove(parent, name);
      paths.mknodAt(parent, name, type | 0600, e.major(), e.minor());
    }
    if (ownerDiffers(e)) {
      paths.fchownAt(parent, name, e.uid(), e.gid(), Paths.AT_SYMLINK_NOFOLLOW);
    }
    xattrsByName(e, parent, name);
    paths.fchmodAt(parent, name, e.mode()); // just made by us and no link
    paths.setTimes(parent, name, e.mtimeSeconds(), e.mtimeNanos());
    count(0);
  }

  private void directory(TarEntry e, String path, Fd parent, String name) throws IOException {
    boolean opaque = false;
    if (!paths.mkdirAtIfAbsent(parent, name, 0700)) {
      Paths.Stat old = paths.stat(parent, name);
      if (!old.isDirectory()) {
        // what the layer deleted and made anew must not show the lower directory's content
        opaque = isWhiteout(old);
        remove(parent, name);
        paths.mkdirAt(parent, name, 0700);
        inodes++;
      }
    } else {
      count(DISK_BLOCK);
    }
    if (ownerDiffers(e)) {
      paths.fchownAt(parent, name, e.uid(), e.gid(), Paths.AT_SYMLINK_NOFOLLOW);
    }
    if (opaque) {
      paths.lsetxattr(byName(parent, name), OPAQUE, YES);
    }
    xattrsByName(e, parent, name);
    paths.fchmodAt(parent, name, e.mode());
    setgidSeen |= (e.mode() & 02000) != 0;
    times.add(path, e.mtimeSeconds(), e.mtimeNanos());
    parents.explicit(path);
  }

  /**
   * OCI layer.md "Whiteouts": they hide what lies in layers below, never what this layer brings
   * itself, before or after them.
   */
  private void whiteout(Fd parent, String marker, boolean inRoot, TarEntry e) throws IOException {
    if (marker.equals(EntryNames.OPAQUE_MARKER)) {
      paths.fsetxattr(parent, OPAQUE, YES);
      rootOpaque |= inRoot; // overlayfs ignores the attribute on a layer's root
      return;
    }
    if (marker.startsWith(EntryNames.WHITEOUT_META)) {
      return; // aufs's own bookkeeping
    }
    String hidden = marker.substring(EntryNames.WHITEOUT.length());
    if (hidden.isEmpty() || hidden.equals(".") || hidden.equals("..")) {
      throw LayerException.invalid("\"" + e.name() + "\" is a whiteout of nothing");
    }
    try {
      paths.mknodAt(parent, hidden, Paths.S_IFCHR, 0, 0);
      count(0);
    } catch (ErrnoException x) {
      if (!x.is(Errno.EEXIST)) {
        throw x;
      }
      if (paths.stat(parent, hidden).isDirectory()) {
        paths.lsetxattr(byName(parent, hidden), OPAQUE, YES);
      }
    }
  }

  /** Whether this is how overlayfs marks what is deleted. */
  static boolean isWhiteout(Paths.Stat s) {
    return s.type() == Paths.S_IFCHR && s.rdevMajor() == 0 && s.rdevMinor() == 0;
  }

  private void remove(Fd parent, String name) throws IOException {
    Paths.Stat old = paths.statIfPresent(parent, name);
    if (old == null) {
      return;
    }
    if (old.isDirectory()) {
      remover.remove(parent, name);
    } else {
      paths.unlinkAt(parent, name, 0);
    }
    if (old.isDirectory() || old.type() == Paths.S_IFLNK) {
      parents.forget();
    }
  }

  private boolean ownerDiffers(TarEntry e) {
    return e.uid() != 0 || e.gid() != 0 || setgidSeen;
  }

  private void xattrsByName(TarEntry e, Fd parent, String name) throws IOException {
    for (Map.Entry<String, byte[]> x : e.xattrs().entrySet()) {
      if (wanted(x.getKey())) {
        tolerant(
            e, x.getKey(), () -> paths.lsetxattr(byName(parent, name), x.getKey(), x.getValue()));
      }
    }
  }

  /** A path through the descriptor: the name in the last place is not followed by l*xattr. */
  private static String byName(Fd parent, String name) {
    return parent.procPath() + "/" + name;
  }

  /** overlayfs's own attributes would let a layer redirect into others. */
  private static boolean wanted(String xattr) {
    return !xattr.startsWith("trusted.overlay.") && !xattr.startsWith("user.overlay.");
  }

  /** One attribute. */
  @FunctionalInterface
  private interface SetXattr {
    void run() throws ErrnoException;
  }

  /** As containerd: what the file system or kind of file can't hold is left out. */
  private static void tolerant(TarEntry e, String name, SetXattr call) throws IOException {
    try {
      call.run();
    } catch (ErrnoException x) {
      // xattr(7): user.* is for files and directories only
      boolean userOnSpecial =
          x.is(Errno.EPERM) && e.type() != '0' && e.type() != '5' && name.startsWith("user.");
      if (!x.is(Errno.ENOTSUP) && !userOnSpecial) {
        if (x.is(Errno.EINVAL) || x.is(Errno.ERANGE) || x.is(Errno.E2BIG)) {
          throw LayerException.invalid("\"" + e.name() + "\": " + x.getMessage(), x);
        }
        throw x;
      }
    }
  }

  private void count(long size) {
    inodes++;
    bytes += (size + DISK_BLOCK - 1) / DISK_BLOCK * DISK_BLOCK;
  }

  /** Sets what had to wait: the directories' times, which each entry in them changed. */
  void finish() throws IOException {
    times.replay(
        (path, seconds, nanos) -> {
          int slash = path.lastIndexOf('/');
          Fd parent = parents.existing(slash < 0 ? "" : path.substring(0, slash));
          String name = path.substring(slash + 1);
          Paths.Stat there = parent == null ? null : paths.statIfPresent(parent, name);
          if (parent != null && there != null && there.isDirectory()) {
            paths.setTimes(parent, name, seconds, nanos);
          }
        });
  }

  /** Directories that had no entry; see {@link ImplicitDirectories}. */
  Set<String> implicitDirectories() {
    return parents.implicit();
  }

  /** Whether the layer hides all that lies below it. */
  boolean rootOpaque() {
    return rootOpaque;
  }

  /** Disk use: data in whole blocks, and directories. */
  long bytes() {
    return bytes + parents.created() * DISK_BLOCK;
  }

  long inodes() {
    return inodes + parents.created();
  }

  @Override
  public void close() {
    parents.close();
  }
}
