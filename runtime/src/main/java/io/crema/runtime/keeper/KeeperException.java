package io.crema.runtime.keeper;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A keeper refused a request, or is gone. */
public final class KeeperException extends IOException {
  private static final long serialVersionUID = 1;

  private final @Nullable Errno errno;

  KeeperException(String message, @Nullable Throwable cause) {
    super(message, cause);
    errno = null;
  }

  KeeperException(String what, int number) {
    super(what + ": " + ErrnoException.describe(number));
    errno = Errno.of(number);
  }

  /** The keeper's reason, or null when there was no answer. */
  public @Nullable Errno errno() {
    return errno;
  }
}
