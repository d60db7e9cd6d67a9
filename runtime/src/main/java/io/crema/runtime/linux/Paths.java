package io.crema.runtime.linux;

import org.jspecify.annotations.Nullable;

/**
 * Calls on names below a directory descriptor: openat2(2), mkdirat(2), mknodat(2), linkat(2),
 * statx(2), xattr(7).
 *
 * <p>A {@code null} directory means the working directory ({@code AT_FDCWD}): only for absolute
 * paths of the host. A name inside a container's root goes through {@link #openAt2} with {@link
 * #RESOLVE_IN_ROOT} or {@link #RESOLVE_BENEATH}, never through a string path.
 */
public interface Paths {
  int AT_FDCWD = -100;
  int AT_SYMLINK_NOFOLLOW = 0x100;
  int AT_REMOVEDIR = 0x200;
  int AT_SYMLINK_FOLLOW = 0x400;
  int AT_EMPTY_PATH = 0x1000;

  int O_RDONLY = 0;
  int O_WRONLY = 1;
  int O_RDWR = 2;
  int O_CREAT = 0x40;
  int O_EXCL = 0x80;
  int O_NOCTTY = 0x100;
  int O_TRUNC = 0x200;
  int O_APPEND = 0x400;
  int O_NONBLOCK = 0x800;
  int O_CLOEXEC = 0x80000;
  int O_PATH = 0x200000;

  /** openat2(2): no magic links. */
  int RESOLVE_NO_XDEV = 0x01;

  int RESOLVE_NO_MAGICLINKS = 0x02;
  int RESOLVE_NO_SYMLINKS = 0x04;

  /** openat2(2): a step out of the directory is an error (EXDEV). */
  int RESOLVE_BENEATH = 0x08;

  /** openat2(2): the directory is "/" for the whole resolution. */
  int RESOLVE_IN_ROOT = 0x10;

  int S_IFMT = 0xF000;
  int S_IFSOCK = 0xC000;
  int S_IFLNK = 0xA000;
  int S_IFREG = 0x8000;
  int S_IFBLK = 0x6000;
  int S_IFDIR = 0x4000;
  int S_IFCHR = 0x2000;
  int S_IFIFO = 0x1000;

  /** The kernel's own. */
  static Paths linux() {
    return LinuxPaths.INSTANCE;
  }

  /** {@code O_DIRECTORY}: 0x10000 on x86_64, 0x4000 on aarch64 (asm/fcntl.h). */
  static int directoryFlag() {
    return Arch.current() == Arch.X86_64 ? 0x10000 : 0x4000;
  }

  /** {@code O_NOFOLLOW}: 0x20000 on x86_64, 0x8000 on aarch64 (asm/fcntl.h). */
  static int noFollowFlag() {
    return Arch.current() == Arch.X86_64 ? 0x20000 : 0x8000;
  }

  /**
   * What statx(2) told.
   *
   * @param mode type and permissions
   * @param mountId the mount's id, as in /proc/self/mountinfo
   */
  record Stat(
      long inode,
      int mode,
      int uid,
      int gid,
      long size,
      int links,
      long blocks512,
      int rdevMajor,
      int rdevMinor,
      int devMajor,
      int devMinor,
      long mtimeSeconds,
      int mtimeNanos,
      long mountId,
      boolean mountRoot) {
    /** The type bits: one of {@code S_IF*}. */
    public int type() {
      return mode & S_IFMT;
    }

    /** Whether it is a directory. */
    public boolean isDirectory() {
      return type() == S_IFDIR;
    }
  }

  /**
   * statfs(2): type is the file system's magic number; sizes in blocks of {@code blockSize} bytes.
   */
  record FileSystem(
      long type, long blockSize, long blocks, long freeBlocks, long files, long freeFiles) {}

  /** open(2) of a host path; always close-on-exec. */
  Fd open(String path, int flags, int mode) throws ErrnoException;

  /** openat2(2); {@code resolve} is a set of {@code RESOLVE_*}; always close-on-exec. */
  Fd openAt2(@Nullable Fd dir, String path, long flags, int mode, int resolve)
      throws ErrnoException;

  void mkdirAt(@Nullable Fd dir, String name, int mode) throws ErrnoException;

  /** As {@link #mkdirAt}, but false when something of that name is there already. */
  boolean mkdirAtIfAbsent(@Nullable Fd dir, String name, int mode) throws ErrnoException;

  /** {@code mode} carries the type; {@code major}/{@code minor} are of a device node. */
  void mknodAt(@Nullable Fd dir, String name, int mode, int major, int minor) throws ErrnoException;

  void symlinkAt(String target, @Nullable Fd dir, String name) throws ErrnoException;

  void linkAt(@Nullable Fd fromDir, String from, @Nullable Fd toDir, String to, int flags)
      throws ErrnoException;

  /** {@code flags}: 0 for files, {@link #AT_REMOVEDIR} for directories. */
  void unlinkAt(@Nullable Fd dir, String name, int flags) throws ErrnoException;

  void renameAt(@Nullable Fd fromDir, String from, @Nullable Fd toDir, String to, int flags)
      throws ErrnoException;

  String readLinkAt(@Nullable Fd dir, String name) throws ErrnoException;

  void fchmod(Fd fd, int mode) throws ErrnoException;

  /**
   * fchmodat(2), which follows a symbolic link in the last place: only for names known not to be
   * one.
   */
  void fchmodAt(@Nullable Fd dir, String name, int mode) throws ErrnoException;

  /** {@code flags}: {@link #AT_SYMLINK_NOFOLLOW}, {@link #AT_EMPTY_PATH}. */
  void fchownAt(@Nullable Fd dir, String name, int uid, int gid, int flags) throws ErrnoException;

  /** Sets access and modification time, both to the same instant; never follows a link. */
  void setTimes(@Nullable Fd dir, String name, long seconds, int nanos) throws ErrnoException;

  /**
   * statx(2) without following a link in the last place; an empty name means {@code dir} itself.
   */
  Stat stat(@Nullable Fd dir, String name) throws ErrnoException;

  /** As {@link #stat}, or null when there is nothing of that name. */
  @Nullable Stat statIfPresent(@Nullable Fd dir, String name) throws ErrnoException;

  FileSystem statfs(String path) throws ErrnoException;

  /**
   * fsetxattr(2); for an O_PATH descriptor or a link give its /proc/self/fd name to {@link
   * #lsetxattr}.
   */
  void fsetxattr(Fd fd, String name, byte[] value) throws ErrnoException;

  /** lsetxattr(2) on a path that the caller has made safe. */
  void lsetxattr(String path, String name, byte[] value) throws ErrnoException;

  /** lgetxattr(2), or null when there is no such attribute. */
  byte @Nullable [] lgetxattr(String path, String name) throws ErrnoException;
}
