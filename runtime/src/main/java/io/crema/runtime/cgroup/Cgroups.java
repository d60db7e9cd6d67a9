package io.crema.runtime.cgroup;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/**
 * The host's cgroup hierarchies, and the groups in them.
 *
 * <p>Safe for use by many threads. Calls take tens of microseconds each and block in JNA only that
 * long, {@link Cgroup#remove} apart.
 */
public interface Cgroups {
  /** What the host has. */
  enum Layout {
    /** One hierarchy per controller (or several). */
    V1,
    /**
     * As {@link #V1}, and a {@code cgroup2} without controllers beside them, as systemd calls it.
     */
    HYBRID,
    /** One hierarchy. */
    V2
  }

  /** What is mounted on this host. */
  static Cgroups detect() throws IOException {
    return detect(Path.of("/"));
  }

  /**
   * What {@code root/proc/self/mountinfo} says is mounted; the mount points are taken below {@code
   * root} too.
   *
   * @throws IOException also when no cgroup hierarchy is mounted
   */
  static Cgroups detect(Path root) throws IOException {
    return CgroupMounts.read(root).open(new KernelCgroupFiles());
  }

  /** What the host has. */
  Layout layout();

  /** The controllers that can limit or count, by the kernel's names ({@code io} is v1's blkio). */
  Set<String> controllers();

  /** Whether memory+swap can be limited. */
  boolean limitsSwap();

  /**
   * Makes a group and limits it. Parents that are missing are made without limits and marked as
   * Crema's; those that are there are left as they are (the kubelet owns a pod's), but for the
   * controllers of v2 that have to be passed down to it. When this fails, nothing that it made is
   * left.
   *
   * @throws IOException also when a group of that name is there already
   */
  Cgroup create(CgroupPath path, Resources resources) throws IOException;

  /** The group {@code path}, which somebody made earlier; whether it is there shows in use. */
  Cgroup open(CgroupPath path);
}
