package io.crema.runtime.linux;

import org.jspecify.annotations.Nullable;

/**
 * Mounts, by descriptors: fsopen(2), open_tree(2), move_mount(2), mount_setattr(2); mount(2) and
 * umount2(2) for host paths.
 */
public interface Mounts {
  int MS_RDONLY = 1;
  int MS_NOSUID = 2;
  int MS_NODEV = 4;
  int MS_NOEXEC = 8;
  int MS_REMOUNT = 32;
  int MS_BIND = 4096;
  int MS_REC = 16384;
  int MS_UNBINDABLE = 1 << 17;
  int MS_PRIVATE = 1 << 18;
  int MS_SLAVE = 1 << 19;
  int MS_SHARED = 1 << 20;

  int MNT_DETACH = 2;
  int UMOUNT_NOFOLLOW = 8;

  int MOUNT_ATTR_RDONLY = 0x01;
  int MOUNT_ATTR_NOSUID = 0x02;
  int MOUNT_ATTR_NODEV = 0x04;
  int MOUNT_ATTR_NOEXEC = 0x08;
  int MOUNT_ATTR_NOATIME = 0x10;
  int MOUNT_ATTR_STRICTATIME = 0x20;
  int MOUNT_ATTR_IDMAP = 0x100000;
  int MOUNT_ATTR_NOSYMFOLLOW = 0x200000;

  int OPEN_TREE_CLONE = 1;
  int OPEN_TREE_CLOEXEC = 0x80000;
  int AT_RECURSIVE = 0x8000;

  int FSOPEN_CLOEXEC = 1;
  int FSMOUNT_CLOEXEC = 1;
  int FSCONFIG_SET_FLAG = 0;
  int FSCONFIG_SET_STRING = 1;
  int FSCONFIG_SET_FD = 5;
  int FSCONFIG_CMD_CREATE = 6;

  int MOVE_MOUNT_F_EMPTY_PATH = 0x04;
  int MOVE_MOUNT_T_SYMLINKS = 0x10;
  int MOVE_MOUNT_T_EMPTY_PATH = 0x40;

  /** The kernel's own. */
  static Mounts linux() {
    return LinuxMounts.INSTANCE;
  }

  /** A new file system context. */
  Fd fsopen(String type) throws ErrnoException;

  void fsconfigString(Fd context, String key, String value) throws ErrnoException;

  void fsconfigFlag(Fd context, String key) throws ErrnoException;

  void fsconfigFd(Fd context, String key, Fd value) throws ErrnoException;

  void fsconfigCreate(Fd context) throws ErrnoException;

  /** A detached mount of the configured file system, with {@code MOUNT_ATTR_*}. */
  Fd fsmount(Fd context, int attributes) throws ErrnoException;

  /**
   * A descriptor of the tree at {@code path}; with {@link #OPEN_TREE_CLONE} a detached copy of it.
   */
  Fd openTree(@Nullable Fd dir, String path, int flags) throws ErrnoException;

  /** Attaches the detached mount {@code mount} on {@code target} itself. */
  void moveMount(Fd mount, Fd target) throws ErrnoException;

  /** Attaches the detached mount on a host path. */
  void moveMount(Fd mount, String target) throws ErrnoException;

  /**
   * mount_setattr(2) on the mount of {@code mount} itself.
   *
   * @param flags 0 or {@link #AT_RECURSIVE}
   * @param propagation one of {@code MS_PRIVATE, MS_SLAVE, MS_SHARED}, or 0 to leave
   * @param userNs the namespace of an {@link #MOUNT_ATTR_IDMAP}, or null
   */
  void setAttributes(
      Fd mount, int flags, long set, long clear, int propagation, @Nullable Fd userNs)
      throws ErrnoException;

  /**
   * mount(2); null type or data are passed as empty strings, which the kernel ignores for
   * flags-only mounts.
   */
  void mount(String source, String target, String type, long flags, String data)
      throws ErrnoException;

  /** umount2(2). */
  void unmount(String target, int flags) throws ErrnoException;

  /** pivot_root(2). */
  void pivotRoot(String newRoot, String putOld) throws ErrnoException;
}
