package io.crema.runtime.cgroup;

import io.crema.runtime.linux.Fd;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One group, in all hierarchies. A value: it holds no descriptor and needs no closing. */
public interface Cgroup {
  /** Its name. */
  CgroupPath path();

  /**
   * The files that a new process writes {@code 0} into, each opened write-only, to be in this
   * group; empty on v2, where {@link #openForClone} is the way (and {@code cgroup.procs} of {@link
   * #directories} for a process that is running).
   *
   * <p>On v1 these are the {@code tasks} files, not {@code cgroup.procs}: the writer must have one
   * thread, as a process fresh from clone(2) has. The kernel takes its global lock on thread groups
   * (an RCU grace period, 5–20 ms) for {@code cgroup.procs} but not for a thread that moves itself
   * (cgroup_procs_write_start in kernel/cgroup/cgroup.c); all hierarchies together cost 0.2 ms.
   */
  List<Path> joinFiles();

  /**
   * A descriptor of the directory for clone3(2)'s {@code CLONE_INTO_CGROUP}, which the caller
   * closes; null on a host without a v2 hierarchy. On a hybrid host both this and {@link
   * #joinFiles} are to be used: that makes {@link #kill} atomic there too.
   */
  @Nullable Fd openForClone() throws IOException;

  /** The group's directory in each hierarchy. */
  List<Path> directories();

  /**
   * Moves a running process into it. This takes an RCU grace period (5–20 ms) on v1 and v2 alike:
   * for what happens once, such as giving the nursery its place, never on a container's way.
   */
  void add(int pid) throws IOException;

  /** Changes what {@code change} sets and leaves the rest: zero, empty and null mean "leave". */
  void update(Resources change) throws IOException;

  /**
   * What is in force now, read from the kernel; what has no limit is unset. Devices and I/O are not
   * read back.
   */
  Resources inForce() throws IOException;

  /**
   * What is used now, in short: few files are read. Counters of absent controllers are zero.
   *
   * @throws java.nio.file.NoSuchFileException when the group isn't there (any more)
   */
  CgroupUsage usage() throws IOException;

  /** What is used now, in full. Counters of absent controllers are null or zero. */
  CgroupStats stats() throws IOException;

  /**
   * How often the kernel's OOM killer killed here; to be read before {@link #remove}, when the
   * first process has ended.
   */
  long oomKills() throws IOException;

  /** The processes in it, not those of groups below it; empty when it isn't there. */
  List<Integer> processes() throws IOException;

  /** Kills every process in it and below it. They may still be ending when this returns. */
  void kill() throws IOException;

  /** Stops every process in it; returns when the kernel says that they are. */
  void freeze() throws IOException;

  /** Lets them go on. */
  void thaw() throws IOException;

  /**
   * Removes it, the groups that its processes made below it, and those parents that Crema made and
   * that are empty now. Waits at most {@code patience} for processes that are ending. A group that
   * isn't there is fine.
   *
   * @throws IOException when processes are still in it, naming them
   */
  void remove(Duration patience) throws IOException;
}
