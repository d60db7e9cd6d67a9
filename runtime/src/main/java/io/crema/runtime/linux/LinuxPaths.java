package io.crema.runtime.linux;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** {@link Paths} by system calls. */
final class LinuxPaths implements Paths {
  static final LinuxPaths INSTANCE = new LinuxPaths();

  private static final int STATX_BASIC_STATS = 0x7ff;
  private static final int STATX_MNT_ID = 0x1000;
  private static final long STATX_ATTR_MOUNT_ROOT = 0x2000;
  private static final int STATX_SIZE = 256; // struct statx, linux/stat.h
  private static final int STATFS_SIZE = 120; // struct statfs of 64-bit architectures

  private static long fd(@Nullable Fd dir) {
    return dir == null ? AT_FDCWD : dir.number();
  }

  private static String at(@Nullable Fd dir, String name) {
    return dir == null ? name : dir + ", " + name;
  }

  @Override
  public Fd open(String path, int flags, int mode) throws ErrnoException {
    return Fd.own(
        Calls.check(
            Sys.OPENAT,
            () -> path,
            () ->
                Libc.syscall(
                    Sys.OPENAT.number(), AT_FDCWD, Libc.cstr(path), flags | O_CLOEXEC, mode, 0, 0)),
        path);
  }

  @Override
  public Fd openAt2(@Nullable Fd dir, String path, long flags, int mode, int resolve)
      throws ErrnoException {
    ByteBuffer how = Libc.struct(24); // struct open_how, linux/openat2.h
    how.putLong(0, flags | O_CLOEXEC).putLong(8, mode).putLong(16, resolve);
    while (true) {
      // EAGAIN: a rename or mount raced with RESOLVE_IN_ROOT/BENEATH (openat2(2)); the caller wants
      // it retried
      long fd =
          Calls.checkUnless(
              Errno.EAGAIN,
              Sys.OPENAT2,
              () -> at(dir, path),
              () ->
                  Libc.syscall(
                      Sys.OPENAT2.number(), fd(dir), Libc.cstr(path), how.array(), 24, 0, 0));
      if (fd >= 0) {
        return Fd.own(fd, path);
      }
    }
  }

  @Override
  public void mkdirAt(@Nullable Fd dir, String name, int mode) throws ErrnoException {
    Calls.check(
        Sys.MKDIRAT,
        () -> at(dir, name),
        () -> Libc.syscall(Sys.MKDIRAT.number(), fd(dir), Libc.cstr(name), mode, 0, 0, 0));
  }

  @Override
  public boolean mkdirAtIfAbsent(@Nullable Fd dir, String name, int mode) throws ErrnoException {
    return Calls.checkUnless(
            Errno.EEXIST,
            Sys.MKDIRAT,
            () -> at(dir, name),
            () -> Libc.syscall(Sys.MKDIRAT.number(), fd(dir), Libc.cstr(name), mode, 0, 0, 0))
        == 0;
  }

  @Override
  public void mknodAt(@Nullable Fd dir, String name, int mode, int major, int minor)
      throws ErrnoException {
    // new_encode_dev of linux/kdev_t.h
    long dev = (minor & 0xffL) | ((long) major << 8) | ((minor & ~0xffL) << 12);
    Calls.check(
        Sys.MKNODAT,
        () -> at(dir, name) + ", 0" + Integer.toOctalString(mode),
        () -> Libc.syscall(Sys.MKNODAT.number(), fd(dir), Libc.cstr(name), mode, dev, 0, 0));
  }

  @Override
  public void symlinkAt(String target, @Nullable Fd dir, String name) throws ErrnoException {
    Calls.check(
        Sys.SYMLINKAT,
        () -> target + ", " + at(dir, name),
        () -> symlink(Libc.cstr(target), fd(dir), Libc.cstr(name)));
  }

  private static long symlink(byte[] target, long dir, byte[] name) {
    return Libc.syscall(Sys.SYMLINKAT.number(), target, dir, name, 0, 0, 0);
  }

  @Override
  public void linkAt(@Nullable Fd fromDir, String from, @Nullable Fd toDir, String to, int flags)
      throws ErrnoException {
    Calls.check(
        Sys.LINKAT,
        () -> at(fromDir, from) + ", " + at(toDir, to),
        () ->
            Libc.syscall(
                Sys.LINKAT.number(),
                fd(fromDir),
                Libc.cstr(from),
                fd(toDir),
                Libc.cstr(to),
                flags,
                0));
  }

  @Override
  public void unlinkAt(@Nullable Fd dir, String name, int flags) throws ErrnoException {
    Calls.check(
        Sys.UNLINKAT,
        () -> at(dir, name),
        () -> Libc.syscall(Sys.UNLINKAT.number(), fd(dir), Libc.cstr(name), flags, 0, 0, 0));
  }

  @Override
  public void renameAt(@Nullable Fd fromDir, String from, @Nullable Fd toDir, String to, int flags)
      throws ErrnoException {
    Calls.check(
        Sys.RENAMEAT2,
        () -> at(fromDir, from) + ", " + at(toDir, to),
        () ->
            Libc.syscall(
                Sys.RENAMEAT2.number(),
                fd(fromDir),
                Libc.cstr(from),
                fd(toDir),
                Libc.cstr(to),
                flags,
                0));
  }

  @Override
  public String readLinkAt(@Nullable Fd dir, String name) throws ErrnoException {
    byte[] buffer = new byte[4096]; // PATH_MAX
    int n =
        (int)
            Calls.check(
                Sys.READLINKAT,
                () -> at(dir, name),
                () ->
                    Libc.syscall(
                        Sys.READLINKAT.number(),
                        fd(dir),
                        Libc.cstr(name),
                        buffer,
                        buffer.length,
                        0,
                        0));
    return FileNames.decode(buffer, 0, n);
  }

  @Override
  public void fchmod(Fd fd, int mode) throws ErrnoException {
    Calls.check(
        Sys.FCHMOD,
        fd::toString,
        () -> Libc.syscall(Sys.FCHMOD.number(), fd.number(), mode, 0L, 0, 0, 0));
  }

  @Override
  public void fchmodAt(@Nullable Fd dir, String name, int mode) throws ErrnoException {
    Calls.check(
        Sys.FCHMODAT,
        () -> at(dir, name),
        () -> Libc.syscall(Sys.FCHMODAT.number(), fd(dir), Libc.cstr(name), mode, 0, 0, 0));
  }

  @Override
  public void fchownAt(@Nullable Fd dir, String name, int uid, int gid, int flags)
      throws ErrnoException {
    Calls.check(
        Sys.FCHOWNAT,
        () -> at(dir, name) + ", " + uid + ", " + gid,
        () -> Libc.syscall(Sys.FCHOWNAT.number(), fd(dir), Libc.cstr(name), uid, gid, flags, 0));
  }

  @Override
  public void setTimes(@Nullable Fd dir, String name, long seconds, int nanos)
      throws ErrnoException {
    ByteBuffer times = Libc.struct(32); // two struct timespec
    times.putLong(0, seconds).putLong(8, nanos).putLong(16, seconds).putLong(24, nanos);
    int flags = AT_SYMLINK_NOFOLLOW | (name.isEmpty() ? AT_EMPTY_PATH : 0);
    Calls.check(
        Sys.UTIMENSAT,
        () -> at(dir, name),
        () ->
            Libc.syscall(
                Sys.UTIMENSAT.number(), fd(dir), Libc.cstr(name), times.array(), flags, 0, 0));
  }

  @Override
  public Stat stat(@Nullable Fd dir, String name) throws ErrnoException {
    byte[] out = new byte[STATX_SIZE];
    Calls.check(Sys.STATX, () -> at(dir, name), () -> statx(dir, name, out));
    return decode(out);
  }

  @Override
  public @Nullable Stat statIfPresent(@Nullable Fd dir, String name) throws ErrnoException {
    byte[] out = new byte[STATX_SIZE];
    long r =
        Calls.checkUnless(
            Errno.ENOENT, Sys.STATX, () -> at(dir, name), () -> statx(dir, name, out));
    return r == 0 ? decode(out) : null;
  }

  private static long statx(@Nullable Fd dir, String name, byte[] out) {
    long flags = AT_SYMLINK_NOFOLLOW | (name.isEmpty() ? AT_EMPTY_PATH : 0);
    return Libc.syscall(
        Sys.STATX.number(),
        fd(dir),
        Libc.cstr(name),
        flags,
        STATX_BASIC_STATS | STATX_MNT_ID,
        out,
        0);
  }

  private static Stat decode(byte[] raw) {
    ByteBuffer b = ByteBuffer.wrap(raw).order(java.nio.ByteOrder.nativeOrder());
    long attributes = b.getLong(8);
    return new Stat(
        b.getLong(32),
        b.getShort(28) & 0xffff,
        b.getInt(20),
        b.getInt(24),
        b.getLong(40),
        b.getInt(16),
        b.getLong(48),
        b.getInt(128),
        b.getInt(132),
        b.getInt(136),
        b.getInt(140),
        b.getLong(112),
        b.getInt(120),
        b.getLong(144),
        (attributes & STATX_ATTR_MOUNT_ROOT) != 0);
  }

  @Override
  public FileSystem statfs(String path) throws ErrnoException {
    byte[] raw = new byte[STATFS_SIZE];
    Calls.check(
        Sys.STATFS,
        () -> path,
        () -> Libc.syscall(Sys.STATFS.number(), Libc.cstr(path), raw, 0, 0, 0, 0));
    ByteBuffer b = ByteBuffer.wrap(raw).order(java.nio.ByteOrder.nativeOrder());
    return new FileSystem(
        b.getLong(0), b.getLong(8), b.getLong(16), b.getLong(24), b.getLong(40), b.getLong(48));
  }

  @Override
  public void fsetxattr(Fd fd, String name, byte[] value) throws ErrnoException {
    Calls.check(
        Sys.FSETXATTR,
        () -> fd + ", " + name,
        () ->
            Libc.syscall(
                Sys.FSETXATTR.number(), fd.number(), Libc.cstr(name), value, value.length, 0, 0));
  }

  @Override
  public void lsetxattr(String path, String name, byte[] value) throws ErrnoException {
    Calls.check(
        Sys.LSETXATTR,
        () -> path + ", " + name,
        () ->
            Libc.syscall(
                Sys.LSETXATTR.number(),
                Libc.cstr(path),
                Libc.cstr(name),
                value,
                value.length,
                0L,
                0));
  }

  @Override
  public byte @Nullable [] lgetxattr(String path, String name) throws ErrnoException {
    byte[] value = new byte[65536]; // XATTR_SIZE_MAX
    long n =
        Calls.checkUnless(
            Errno.ENODATA,
            Sys.LGETXATTR,
            () -> path + ", " + name,
            () ->
                Libc.syscall(
                    Sys.LGETXATTR.number(),
                    Libc.cstr(path),
                    Libc.cstr(name),
                    value,
                    value.length,
                    0L,
                    0));
    return n < 0 ? null : Arrays.copyOf(value, (int) n);
  }
}
