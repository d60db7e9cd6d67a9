package io.crema.runtime.linux;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** {@link Mounts} by system calls. */
final class LinuxMounts implements Mounts {
  static final LinuxMounts INSTANCE = new LinuxMounts();

  private static final byte[] EMPTY = Libc.cstr("");

  @Override
  public Fd fsopen(String type) throws ErrnoException {
    return Fd.own(
        Calls.check(
            Sys.FSOPEN,
            () -> type,
            () -> Libc.syscall(Sys.FSOPEN.number(), Libc.cstr(type), FSOPEN_CLOEXEC, 0, 0, 0, 0)),
        "fs context of " + type);
  }

  @Override
  public void fsconfigString(Fd context, String key, String value) throws ErrnoException {
    Calls.check(
        Sys.FSCONFIG,
        () -> context + ", " + key + "=" + value,
        () ->
            Libc.syscall(
                Sys.FSCONFIG.number(),
                context.number(),
                FSCONFIG_SET_STRING,
                Libc.cstr(key),
                Libc.cstr(value),
                0,
                0));
  }

  @Override
  public void fsconfigFlag(Fd context, String key) throws ErrnoException {
    Calls.check(
        Sys.FSCONFIG,
        () -> context + ", " + key,
        () ->
            Libc.syscall(
                Sys.FSCONFIG.number(),
                context.number(),
                FSCONFIG_SET_FLAG,
                Libc.cstr(key),
                0,
                0,
                0));
  }

  @Override
  public void fsconfigFd(Fd context, String key, Fd value) throws ErrnoException {
    Calls.check(
        Sys.FSCONFIG,
        () -> context + ", " + key + "=" + value,
        () ->
            Libc.syscall(
                Sys.FSCONFIG.number(),
                context.number(),
                FSCONFIG_SET_FD,
                Libc.cstr(key),
                0,
                value.number(),
                0));
  }

  @Override
  public void fsconfigCreate(Fd context) throws ErrnoException {
    Calls.check(
        Sys.FSCONFIG,
        () -> context + ", FSCONFIG_CMD_CREATE",
        () ->
            Libc.syscall(
                Sys.FSCONFIG.number(), context.number(), FSCONFIG_CMD_CREATE, 0L, 0, 0, 0));
  }

  @Override
  public Fd fsmount(Fd context, int attributes) throws ErrnoException {
    return Fd.own(
        Calls.check(
            Sys.FSMOUNT,
            context::toString,
            () ->
                Libc.syscall(
                    Sys.FSMOUNT.number(),
                    context.number(),
                    FSMOUNT_CLOEXEC,
                    (long) attributes,
                    0,
                    0,
                    0)),
        "mount of " + context.what());
  }

  @Override
  public Fd openTree(@Nullable Fd dir, String path, int flags) throws ErrnoException {
    return Fd.own(
        Calls.check(
            Sys.OPEN_TREE,
            () -> path,
            () ->
                Libc.syscall(
                    Sys.OPEN_TREE.number(),
                    dir == null ? Paths.AT_FDCWD : dir.number(),
                    Libc.cstr(path),
                    flags | OPEN_TREE_CLOEXEC,
                    0,
                    0,
                    0)),
        "tree " + path);
  }

  @Override
  public void moveMount(Fd mount, Fd target) throws ErrnoException {
    Calls.check(
        Sys.MOVE_MOUNT,
        () -> mount + ", " + target,
        () ->
            Libc.syscall(
                Sys.MOVE_MOUNT.number(),
                mount.number(),
                EMPTY,
                target.number(),
                EMPTY,
                MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH,
                0));
  }

  @Override
  public void moveMount(Fd mount, String target) throws ErrnoException {
    Calls.check(
        Sys.MOVE_MOUNT,
        () -> mount + ", " + target,
        () ->
            Libc.syscall(
                Sys.MOVE_MOUNT.number(),
                mount.number(),
                EMPTY,
                Paths.AT_FDCWD,
                Libc.cstr(target),
                MOVE_MOUNT_F_EMPTY_PATH,
                0));
  }

  @Override
  public void setAttributes(
      Fd mount, int flags, long set, long clear, int propagation, @Nullable Fd userNs)
      throws ErrnoException {
    ByteBuffer attr = Libc.struct(32); // struct mount_attr, linux/mount.h
    attr.putLong(0, set).putLong(8, clear).putLong(16, propagation);
    attr.putLong(24, userNs == null ? 0 : userNs.number());
    Calls.check(
        Sys.MOUNT_SETATTR,
        () -> mount + ", set 0x" + Long.toHexString(set) + ", clear 0x" + Long.toHexString(clear),
        () ->
            Libc.syscall(
                Sys.MOUNT_SETATTR.number(),
                mount.number(),
                EMPTY,
                Paths.AT_EMPTY_PATH | flags,
                attr.array(),
                32,
                0));
  }

  @Override
  public void mount(String source, String target, String type, long flags, String data)
      throws ErrnoException {
    Calls.check(
        Sys.MOUNT,
        () -> source + ", " + target + ", " + type + ", 0x" + Long.toHexString(flags),
        () ->
            Libc.syscall(
                Sys.MOUNT.number(),
                Libc.cstr(source),
                Libc.cstr(target),
                Libc.cstr(type),
                flags,
                Libc.cstr(data),
                0));
  }

  @Override
  public void unmount(String target, int flags) throws ErrnoException {
    Calls.check(
        Sys.UMOUNT2,
        () -> target,
        () -> Libc.syscall(Sys.UMOUNT2.number(), Libc.cstr(target), flags, 0, 0, 0, 0));
  }

  @Override
  public void pivotRoot(String newRoot, String putOld) throws ErrnoException {
    Calls.check(
        Sys.PIVOT_ROOT,
        () -> newRoot + ", " + putOld,
        () ->
            Libc.syscall(
                Sys.PIVOT_ROOT.number(), Libc.cstr(newRoot), Libc.cstr(putOld), 0, 0, 0, 0));
  }
}
