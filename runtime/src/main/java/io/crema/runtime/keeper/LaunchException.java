package io.crema.runtime.keeper;

import io.crema.runtime.launch.LaunchPlan;
import io.crema.runtime.linux.Errno;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A launch failed before execve had succeeded: {@code mount /data (hostPath /srv/x): No such file
 * or directory (ENOENT)}.
 */
public final class LaunchException extends IOException {
  private static final long serialVersionUID = 1;

  private final int step;
  private final int number;
  private final String purpose;

  private LaunchException(String message, int step, int number, String purpose) {
    super(message);
    this.step = step;
    this.number = number;
    this.purpose = purpose;
  }

  /** A step of {@code plan} failed with errno {@code number}. */
  static LaunchException ofStep(@Nullable LaunchPlan plan, int step, int number) {
    String purpose = plan == null ? "step " + step + " of the launch" : plan.purposeOf(step);
    return new LaunchException(purpose + ": " + describe(number), step, number, purpose);
  }

  /** The keeper couldn't make the process. */
  static LaunchException ofClone(String name, int number) {
    String purpose = "start a process for " + name;
    return new LaunchException(purpose + ": " + describe(number), -1, number, purpose);
  }

  /** The process ended before it executed anything. */
  static LaunchException ofEarlyEnd(String name, int waitStatus) {
    Exit exit = new Exit(0, 0, waitStatus, java.time.Instant.EPOCH);
    String purpose = "start of " + name;
    return new LaunchException(
        purpose
            + ": the process ended before execve, "
            + (exit.signal() == 0 ? "code " + exit.code() : "killed by signal " + exit.signal()),
        -1,
        Errno.ECHILD.number(),
        purpose);
  }

  private static String describe(int number) {
    Errno e = Errno.of(number);
    return e == Errno.UNKNOWN ? "errno " + number : e.message() + " (" + e.name() + ")";
  }

  /** The failed step's index, or -1 when it was no step of the plan. */
  public int step() {
    return step;
  }

  /** The kernel's reason. */
  public Errno errno() {
    return Errno.of(number);
  }

  /** What the failed step was for. */
  public String purpose() {
    return purpose;
  }
}
