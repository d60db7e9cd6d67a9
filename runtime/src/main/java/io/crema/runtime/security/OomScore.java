package io.crema.runtime.security;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * How low this host lets Crema set {@code oom_score_adj} (proc_pid_oom_score_adj(5)).
 *
 * <p>Without CAP_SYS_RESOURCE a process can't go below the lowest value that somebody with it has
 * set; that isn't to be read anywhere, but the present value is never below it.
 */
public final class OomScore {
  private static final int MIN = -1000;
  private static final int MAX = 1000;
  private static final System.Logger LOG = System.getLogger("io.crema.runtime.security");

  private final int floor;
  private final AtomicBoolean told = new AtomicBoolean();

  private OomScore(int floor) {
    this.floor = floor;
  }

  /** As it is for this process and the children that it starts. */
  public static OomScore ofThisProcess() throws IOException {
    int now = Integer.parseInt(Files.readString(Path.of("/proc/self/oom_score_adj")).strip());
    boolean free = AvailableCapabilities.ofThisProcess().contains(Capability.SYS_RESOURCE);
    return of(free, now);
  }

  static OomScore of(boolean unrestricted, int now) {
    return new OomScore(unrestricted ? MIN : now);
  }

  /**
   * {@code wanted}, or the nearest that can be had; logs once when they differ.
   *
   * @throws IllegalArgumentException when the kernel has no such value
   */
  public int clamp(long wanted) {
    if (wanted < MIN || wanted > MAX) {
      throw new IllegalArgumentException(
          "oom_score_adj " + wanted + ": expected " + MIN + " to " + MAX);
    }
    if (wanted >= floor) {
      return (int) wanted;
    }
    if (told.compareAndSet(false, true)) {
      LOG.log(
          System.Logger.Level.WARNING,
          "oom_score_adj {0} is asked for, but without CAP_SYS_RESOURCE it can''t be below {1}:"
              + " {1} is used, here and for all that follow",
          wanted,
          floor);
    }
    return floor;
  }
}
