package io.crema.runtime.seccomp;

import java.io.IOException;

/** A seccomp profile can't be used: which, where in it, and why. */
public final class SeccompProfileException extends IOException {
  private static final long serialVersionUID = 1;

  SeccompProfileException(String message) {
    super(message);
  }

  SeccompProfileException(String message, Throwable cause) {
    super(message, cause);
  }
}
