package io.crema.runtime.launch;

import static io.crema.runtime.linux.Mounts.MOUNT_ATTR_NOEXEC;
import static io.crema.runtime.linux.Mounts.MOUNT_ATTR_NOSUID;
import static io.crema.runtime.linux.Mounts.MOUNT_ATTR_STRICTATIME;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.Paths;
import io.crema.runtime.linux.Sys;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Fills a container's /dev, as a detached tmpfs that nobody else can see yet. */
final class DeviceSteps {
  private static final Set<Errno> EXISTS = Set.of(Errno.EEXIST);

  /** Targets of runc's setupDevSymlinks (libcontainer/rootfs_linux.go), and ptmx. */
  private static final List<List<String>> LINKS =
      List.of(
          List.of("/proc/self/fd", "fd"),
          List.of("/proc/self/fd/0", "stdin"),
          List.of("/proc/self/fd/1", "stdout"),
          List.of("/proc/self/fd/2", "stderr"),
          List.of("/proc/kcore", "core"),
          List.of("pts/ptmx", "ptmx"));

  private DeviceSteps() {}

  /**
   * The steps for {@code dev}; answers the mount. Nodes are made by the host's root, the only one
   * who may, and so belong to users of the host: a container in a user namespace has the rights
   * over a device that the host gives it, not root's.
   *
   * @param users of the container's user namespace, whose root has the directory; or null
   */
  static Arg make(PlanCalls calls, String purpose, MountSpec.Dev dev, @Nullable UserMap users) {
    List<String> options = new ArrayList<>(List.of("mode=755", "size=65536k"));
    if (users != null) {
      options.add("uid=" + users.hostUid());
      options.add("gid=" + users.hostGid());
    }
    Arg tmpfs =
        calls.newFileSystem(
            purpose,
            "tmpfs",
            MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_STRICTATIME,
            options);
    Map<String, Arg> directories = new HashMap<>();
    directories.put("", tmpfs);
    String prefix = ContainerPaths.clean(dev.containerPath()) + "/";
    for (DeviceNode node : dev.devices()) {
      String path = ContainerPaths.clean(node.path());
      if (!path.startsWith(prefix)) {
        throw new IllegalArgumentException(
            "device " + node.path() + ": Crema makes devices below " + dev.containerPath());
      }
      node(calls, tmpfs, directories, path.substring(prefix.length()), node);
    }
    return tmpfs;
  }

  /** The usual links in {@code tmpfs}, which is what {@link #make} made of {@code dev}. */
  static void link(PlanCalls calls, MountSpec.Dev dev, Arg tmpfs) {
    String prefix = ContainerPaths.clean(dev.containerPath()) + "/";
    for (List<String> link : LINKS) {
      calls.link("link " + prefix + link.get(1), link.get(0), tmpfs, link.get(1));
    }
  }

  private static void node(
      PlanCalls calls, Arg tmpfs, Map<String, Arg> directories, String below, DeviceNode node) {
    String purpose =
        "make device "
            + node.path()
            + " ("
            + (node.block() ? "b " : "c ")
            + node.major()
            + ":"
            + node.minor()
            + ")";
    int slash = below.lastIndexOf('/');
    Arg parent =
        directory(calls, purpose, tmpfs, directories, slash < 0 ? "" : below.substring(0, slash));
    String name = below.substring(slash + 1);
    int type = node.block() ? Paths.S_IFBLK : Paths.S_IFCHR;
    calls.makeNode(
        purpose,
        Set.of(),
        parent,
        name,
        type | node.mode(),
        PlanCalls.device(node.major(), node.minor()));
    if (node.uid() != 0 || node.gid() != 0) {
      calls
          .plan()
          .call(
              purpose + ": set its owner",
              Sys.FCHOWNAT,
              parent,
              Arg.of(name),
              Arg.of(Integer.toUnsignedLong(node.uid())),
              Arg.of(Integer.toUnsignedLong(node.gid())),
              Arg.of(Paths.AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"));
    }
  }

  private static Arg directory(
      PlanCalls calls, String purpose, Arg tmpfs, Map<String, Arg> directories, String path) {
    Arg known = directories.get(path);
    if (known != null) {
      return known;
    }
    int slash = path.lastIndexOf('/');
    Arg parent =
        directory(calls, purpose, tmpfs, directories, slash < 0 ? "" : path.substring(0, slash));
    String name = path.substring(slash + 1);
    calls.makeDirectory(purpose, EXISTS, parent, name, 0755);
    Arg made =
        calls.open(
            purpose, parent, name, Paths.O_PATH | Paths.directoryFlag(), "O_PATH|O_DIRECTORY");
    directories.put(path, made);
    return made;
  }
}
