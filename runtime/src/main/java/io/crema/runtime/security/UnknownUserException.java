package io.crema.runtime.security;

import java.io.IOException;

/** A user or group that was asked for doesn't exist in the image, or isn't written as one. */
public final class UnknownUserException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * @param message what, which and why
   */
  public UnknownUserException(String message) {
    super(message);
  }
}
