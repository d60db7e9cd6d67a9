package io.crema.runtime.launch;

import static io.crema.runtime.linux.Mounts.AT_RECURSIVE;
import static io.crema.runtime.linux.Mounts.FSCONFIG_CMD_CREATE;
import static io.crema.runtime.linux.Mounts.FSCONFIG_SET_STRING;
import static io.crema.runtime.linux.Mounts.FSMOUNT_CLOEXEC;
import static io.crema.runtime.linux.Mounts.FSOPEN_CLOEXEC;
import static io.crema.runtime.linux.Mounts.MOVE_MOUNT_F_EMPTY_PATH;
import static io.crema.runtime.linux.Mounts.MOVE_MOUNT_T_EMPTY_PATH;
import static io.crema.runtime.linux.Mounts.OPEN_TREE_CLOEXEC;
import static io.crema.runtime.linux.Mounts.OPEN_TREE_CLONE;
import static io.crema.runtime.linux.Paths.AT_EMPTY_PATH;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.Mounts;
import io.crema.runtime.linux.Paths;
import io.crema.runtime.linux.Sys;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The system calls of a plan by what they do, with readable arguments. */
final class PlanCalls {
  static final Arg CWD = Arg.of(Paths.AT_FDCWD, "AT_FDCWD");
  static final Arg NULL = Arg.of(0, "NULL");

  /** What a step that works on an earlier step's missing descriptor fails with. */
  static final Set<Errno> ABSENT = Set.of(Errno.EBADF);

  private static final Arg EMPTY = Arg.of("");

  private final PlanBuilder plan;

  PlanCalls(PlanBuilder plan) {
    this.plan = plan;
  }

  PlanBuilder plan() {
    return plan;
  }

  /**
   * openat2(2) of a relative path, which magic links (/proc/self/fd/7) end.
   *
   * <p>For steps that run when the container's root is already the process's own: then no link and
   * no ".." leads out of it. RESOLVE_IN_ROOT would add nothing but EAGAIN for a ".." while anybody
   * on the host mounts something.
   */
  Arg.Result openBelow(
      String purpose, Set<Errno> tolerated, Arg dir, String path, int flags, boolean links) {
    int how = Paths.RESOLVE_NO_MAGICLINKS | (links ? 0 : Paths.RESOLVE_NO_SYMLINKS);
    Arg openHow =
        new Arg.Struct(
            24,
            List.of(
                new Arg.Field(0, 8, Arg.of(flags | Paths.O_CLOEXEC)),
                new Arg.Field(16, 8, Arg.of(how))),
            openLabel(flags) + (links ? ", RESOLVE_NO_MAGICLINKS" : ", RESOLVE_NO_SYMLINKS"));
    return plan.call(purpose, Sys.OPENAT2, tolerated, dir, Arg.of(path), openHow, Arg.of(24));
  }

  private static String openLabel(int flags) {
    String access = (flags & Paths.O_PATH) != 0 ? "O_PATH" : "O_RDWR";
    return access + ((flags & Paths.directoryFlag()) != 0 ? "|O_DIRECTORY" : "") + "|O_CLOEXEC";
  }

  /** openat(2) of a name that nobody hostile has made. */
  Arg.Result open(String purpose, Arg dir, String path, int flags, String label) {
    return plan.call(
        purpose, Sys.OPENAT, dir, Arg.of(path), Arg.of(flags | Paths.O_CLOEXEC, label));
  }

  /** A detached copy of the mount tree at {@code path}. */
  Arg.Result cloneTree(
      String purpose, Set<Errno> tolerated, Arg dir, String path, boolean recursive) {
    int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
    String label = "OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC" + (recursive ? "|AT_RECURSIVE" : "");
    return plan.call(purpose, Sys.OPEN_TREE, tolerated, dir, Arg.of(path), Arg.of(flags, label));
  }

  /** A detached copy of the mount tree that {@code fd} stands on. */
  Arg.Result cloneTree(String purpose, Set<Errno> tolerated, Arg fd, boolean recursive) {
    int flags =
        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
    String label =
        "OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_EMPTY_PATH" + (recursive ? "|AT_RECURSIVE" : "");
    return plan.call(purpose, Sys.OPEN_TREE, tolerated, fd, EMPTY, Arg.of(flags, label));
  }

  /** mount_setattr(2) on the mount that {@code mount} is. */
  void setAttributes(
      String purpose,
      Set<Errno> tolerated,
      Arg mount,
      boolean recursive,
      int set,
      int propagation,
      @Nullable Arg userNs) {
    List<Arg.Field> fields = new ArrayList<>();
    fields.add(new Arg.Field(0, 8, Arg.of(set)));
    fields.add(new Arg.Field(16, 8, Arg.of(propagation)));
    if (userNs != null) {
      fields.add(new Arg.Field(24, 8, userNs));
    }
    plan.call(
        purpose,
        Sys.MOUNT_SETATTR,
        tolerated,
        mount,
        EMPTY,
        Arg.of(
            AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0),
            "AT_EMPTY_PATH" + (recursive ? "|AT_RECURSIVE" : "")),
        new Arg.Struct(32, fields, attributeLabel(set, propagation)),
        Arg.of(32));
  }

  /**
   * Shows the files of the topmost mount of a detached tree as the pod's user namespace's. EINVAL:
   * the file system can't be id-mapped.
   */
  void mapIds(String purpose, Arg mount) {
    setAttributes(
        purpose + " (needs a file system that can be id-mapped)",
        Set.of(),
        mount,
        false,
        Mounts.MOUNT_ATTR_IDMAP,
        0,
        plan.slot(Joined.USER.slot()));
  }

  /** {@code MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID, MS_SLAVE}. */
  private static String attributeLabel(int set, int propagation) {
    List<String> names = new ArrayList<>();
    if ((set & Mounts.MOUNT_ATTR_RDONLY) != 0) {
      names.add("MOUNT_ATTR_RDONLY");
    }
    if ((set & Mounts.MOUNT_ATTR_NOSUID) != 0) {
      names.add("MOUNT_ATTR_NOSUID");
    }
    if ((set & Mounts.MOUNT_ATTR_NODEV) != 0) {
      names.add("MOUNT_ATTR_NODEV");
    }
    if ((set & Mounts.MOUNT_ATTR_NOEXEC) != 0) {
      names.add("MOUNT_ATTR_NOEXEC");
    }
    if ((set & Mounts.MOUNT_ATTR_STRICTATIME) != 0) {
      names.add("MOUNT_ATTR_STRICTATIME");
    }
    if ((set & Mounts.MOUNT_ATTR_IDMAP) != 0) {
      names.add("MOUNT_ATTR_IDMAP");
    }
    switch (propagation) {
      case Mounts.MS_PRIVATE -> names.add("MS_PRIVATE");
      case Mounts.MS_SLAVE -> names.add("MS_SLAVE");
      case Mounts.MS_SHARED -> names.add("MS_SHARED");
      default -> {}
    }
    return names.isEmpty() ? "0" : String.join("|", names);
  }

  /** Attaches a detached mount on what {@code target} stands on. */
  void attach(String purpose, Set<Errno> tolerated, Arg mount, Arg target) {
    plan.call(
        purpose,
        Sys.MOVE_MOUNT,
        tolerated,
        mount,
        EMPTY,
        target,
        EMPTY,
        Arg.of(
            MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH,
            "MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH"));
  }

  /** Attaches a detached mount on a name in a directory that nobody hostile has made. */
  void attachAt(String purpose, Set<Errno> tolerated, Arg mount, Arg dir, String name) {
    plan.call(
        purpose,
        Sys.MOVE_MOUNT,
        tolerated,
        mount,
        EMPTY,
        dir,
        Arg.of(name),
        Arg.of(MOVE_MOUNT_F_EMPTY_PATH, "MOVE_MOUNT_F_EMPTY_PATH"));
  }

  /** A detached mount of a new file system; options are {@code key=value} strings. */
  Arg.Result newFileSystem(String purpose, String type, int attributes, List<String> options) {
    Arg.Result context =
        plan.call(
            purpose + ": open the file system " + type,
            Sys.FSOPEN,
            Arg.of(type),
            Arg.of(FSOPEN_CLOEXEC, "FSOPEN_CLOEXEC"));
    configure(purpose, context, "source", type);
    for (String option : options) {
      int eq = option.indexOf('=');
      configure(purpose, context, option.substring(0, eq), option.substring(eq + 1));
    }
    plan.call(
        purpose,
        Sys.FSCONFIG,
        context,
        Arg.of(FSCONFIG_CMD_CREATE, "FSCONFIG_CMD_CREATE"),
        NULL,
        NULL,
        Arg.of(0));
    return plan.call(
        purpose + ": make the mount",
        Sys.FSMOUNT,
        context,
        Arg.of(FSMOUNT_CLOEXEC, "FSMOUNT_CLOEXEC"),
        Arg.of(attributes, attributeLabel(attributes, 0)));
  }

  private void configure(String purpose, Arg context, String key, String value) {
    plan.call(
        purpose + ": set " + key + "=" + value,
        Sys.FSCONFIG,
        context,
        Arg.of(FSCONFIG_SET_STRING, "FSCONFIG_SET_STRING"),
        Arg.of(key),
        Arg.of(value),
        Arg.of(0));
  }

  /** mkdirat(2), content with a directory that is there. */
  void makeDirectory(String purpose, Set<Errno> tolerated, Arg dir, String name, int mode) {
    plan.call(purpose, Sys.MKDIRAT, tolerated, dir, Arg.of(name), mode(mode));
  }

  /** symlinkat(2). */
  void link(String purpose, String to, Arg dir, String name) {
    plan.call(purpose, Sys.SYMLINKAT, Arg.of(to), dir, Arg.of(name));
  }

  /** mknodat(2); {@code device} is 0 for a regular file. */
  void makeNode(String purpose, Set<Errno> tolerated, Arg dir, String name, int mode, long device) {
    plan.call(purpose, Sys.MKNODAT, tolerated, dir, Arg.of(name), mode(mode), Arg.of(device));
  }

  /** Permission bits in octal. */
  static Arg mode(int mode) {
    return Arg.of(mode, "0" + Integer.toOctalString(mode));
  }

  /** {@code makedev(3)} for mknodat(2). */
  static long device(int major, int minor) {
    return ((long) (minor & 0xff)) | ((long) major << 8) | ((long) (minor & ~0xff) << 12);
  }
}
