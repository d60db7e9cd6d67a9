package io.crema.runtime.keeper;

import java.time.Instant;

/**
 * The end of a launched process.
 *
 * @param waitStatus as wait(2) reports it
 */
public record Exit(long launchId, int pid, int waitStatus, Instant at) {
  /** The exit code as shells count it: 128 and the signal's number for a signal. */
  public int code() {
    return signal() == 0 ? (waitStatus >> 8) & 0xff : 128 + signal();
  }

  /** The signal that ended it, or 0. */
  public int signal() {
    return waitStatus & 0x7f;
  }
}
