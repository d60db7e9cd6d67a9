package io.crema.runtime.launch;

import java.util.List;

/**
 * One thing mounted in a container. Container paths are absolute; they are resolved within the
 * container's root, whatever links are there, and made when missing.
 */
public sealed interface MountSpec {
  /** Where it is seen in the container. */
  String containerPath();

  /** What becomes of mounts made later, on either side. */
  enum Propagation {
    /** Nothing passes. */
    PRIVATE,
    /** The host's later mounts show in the container. */
    HOST_TO_CONTAINER,
    /** And the container's on the host. */
    BIDIRECTIONAL
  }

  /**
   * A file or directory of the host.
   *
   * @param hostPath absolute; links are followed
   * @param directory whether {@code hostPath} is a directory: what is made when {@code
   *     containerPath} is missing
   * @param recursiveReadOnly {@code readonly} holds for mounts below the source too
   * @param attributes more {@code MOUNT_ATTR_*}: NOEXEC, NODEV, NOSUID
   * @param idMapped whether the files' ids are shown as the pod's user namespace's; of the topmost
   *     mount only, as runc does
   */
  record Bind(
      String hostPath,
      String containerPath,
      boolean directory,
      boolean readonly,
      boolean recursiveReadOnly,
      Propagation propagation,
      int attributes,
      boolean idMapped)
      implements MountSpec {
    public Bind {
      absolute(hostPath);
      absolute(containerPath);
      if (recursiveReadOnly && (!readonly || propagation != Propagation.PRIVATE)) {
        throw new IllegalArgumentException(
            containerPath
                + ": a recursive read-only mount must be read-only and without propagation");
      }
    }

    /** A private bind without more. */
    public static Bind of(
        String hostPath, String containerPath, boolean directory, boolean readonly) {
      return new Bind(
          hostPath, containerPath, directory, readonly, false, Propagation.PRIVATE, 0, false);
    }
  }

  /**
   * A directory as a detached mount that whoever asks for the launch has made, with all its
   * attributes.
   *
   * @param slot of the mount's descriptor
   * @param what it is, in words
   */
  record Given(String containerPath, String slot, String what) implements MountSpec {
    public Given {
      absolute(containerPath);
    }
  }

  /** The proc file system of the process's PID namespace. */
  record Proc(String containerPath) implements MountSpec {
    public Proc {
      absolute(containerPath);
    }
  }

  /** The sysfs of the process's network namespace. */
  record Sysfs(String containerPath, boolean readonly) implements MountSpec {
    public Sysfs {
      absolute(containerPath);
    }
  }

  /** POSIX message queues of the process's IPC namespace. */
  record Mqueue(String containerPath) implements MountSpec {
    public Mqueue {
      absolute(containerPath);
    }
  }

  /** Pseudo-terminals of the container's own. */
  record Devpts(String containerPath) implements MountSpec {
    public Devpts {
      absolute(containerPath);
    }
  }

  /** A tmpfs with device nodes and the usual links: {@code ptmx}, {@code fd}, {@code stdin}, … */
  record Dev(String containerPath, List<DeviceNode> devices) implements MountSpec {
    public Dev {
      absolute(containerPath);
      devices = List.copyOf(devices);
    }
  }

  /**
   * An empty tmpfs.
   *
   * @param size as tmpfs(5) takes it: {@code 64m}, or empty for half of the memory
   * @param mode octal: {@code 1777}
   * @param attributes {@code MOUNT_ATTR_*}
   */
  record Tmpfs(String containerPath, String size, String mode, int attributes)
      implements MountSpec {
    public Tmpfs {
      absolute(containerPath);
    }
  }

  /** The one hierarchy of a v2 host, from the process's cgroup namespace's root down. */
  record Cgroup2(String containerPath, boolean readonly) implements MountSpec {
    public Cgroup2 {
      absolute(containerPath);
    }
  }

  /**
   * The hierarchies of a v1 host: a tmpfs with a directory for each, which shows the container's
   * own group only.
   */
  record Cgroup1(String containerPath, List<Hierarchy> hierarchies, boolean readonly)
      implements MountSpec {
    public Cgroup1 {
      absolute(containerPath);
      hierarchies = List.copyOf(hierarchies);
    }
  }

  /**
   * A v1 hierarchy of {@link Cgroup1}.
   *
   * @param name the directory in the container: {@code cpu,cpuacct}
   * @param hostPath the container's group on the host
   * @param links more names: {@code cpu}, {@code cpuacct}
   */
  record Hierarchy(String name, String hostPath, List<String> links) {
    public Hierarchy {
      links = List.copyOf(links);
    }
  }

  private static void absolute(String path) {
    if (!path.startsWith("/") || path.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("mount path \"" + path + "\": must be absolute");
    }
  }
}
