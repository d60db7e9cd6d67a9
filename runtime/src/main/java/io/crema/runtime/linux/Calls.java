package io.crema.runtime.linux;

import com.sun.jna.LastErrorException;
import java.util.function.Supplier;

/** Turns errno into {@link ErrnoException}, in one place. */
final class Calls {
  private Calls() {}

  /** One native call. */
  @FunctionalInterface
  interface Native {
    long run() throws LastErrorException;
  }

  /**
   * Runs {@code call}, again when a signal interrupted it; arguments are printed only on failure.
   */
  static long check(Sys sys, Supplier<String> arguments, Native call) throws ErrnoException {
    while (true) {
      try {
        return call.run();
      } catch (LastErrorException e) {
        if (e.getErrorCode() != Errno.EINTR.number()) {
          throw failure(sys, arguments, e);
        }
      }
    }
  }

  /** As {@link #check}, but answers {@code -errno} when errno is {@code tolerated}. */
  static long checkUnless(Errno tolerated, Sys sys, Supplier<String> arguments, Native call)
      throws ErrnoException {
    while (true) {
      try {
        return call.run();
      } catch (LastErrorException e) {
        if (e.getErrorCode() == tolerated.number()) {
          return -tolerated.number();
        }
        if (e.getErrorCode() != Errno.EINTR.number()) {
          throw failure(sys, arguments, e);
        }
      }
    }
  }

  private static ErrnoException failure(
      Sys sys, Supplier<String> arguments, LastErrorException cause) {
    ErrnoException e = new ErrnoException(sys.callName(), arguments.get(), cause.getErrorCode());
    e.initCause(cause);
    return e;
  }
}
