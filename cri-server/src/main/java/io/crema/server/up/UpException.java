package io.crema.server.up;

/** A pod can't be brought up; the message says which and why. */
public final class UpException extends Exception {
  private static final long serialVersionUID = 1;

  UpException(String message) {
    super(message);
  }

  UpException(String message, Throwable cause) {
    super(message, cause);
  }
}
