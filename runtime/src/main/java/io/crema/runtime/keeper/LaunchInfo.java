package io.crema.runtime.keeper;

import io.crema.runtime.linux.Errno;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a keeper knows of one launch.
 *
 * @param waitStatus of an exited one
 * @param failedStep of a failed one, -1 when it was no step
 * @param droppedLogBytes output that the log file had no room for
 */
public record LaunchInfo(
    long id,
    String name,
    int pid,
    State state,
    int waitStatus,
    int failedStep,
    @Nullable Errno failure,
    @Nullable Instant startedAt,
    @Nullable Instant exitedAt,
    long droppedLogBytes) {
  /** How far a launch has come. */
  public enum State {
    /** Cloned; runs its plan as far as the Wait step, or waits there. */
    WAITING,
    /** Told to go; not yet executed. */
    STARTING,
    /** execve succeeded. */
    RUNNING,
    /** Ended; its exit is in the journal. */
    EXITED,
    /** A step of its plan failed before execve. */
    FAILED
  }

  /** The exit of an {@link State#EXITED} launch. */
  public Exit exit() {
    if (state != State.EXITED || exitedAt == null) {
      throw new IllegalStateException("launch " + id + " (" + name + ") is " + state);
    }
    return new Exit(id, pid, waitStatus, exitedAt);
  }
}
