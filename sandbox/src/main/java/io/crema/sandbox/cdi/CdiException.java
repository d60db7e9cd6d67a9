package io.crema.sandbox.cdi;

/** A device that can't be had: which, of which file, and why. */
public final class CdiException extends Exception {
  private static final long serialVersionUID = 1;

  CdiException(String message) {
    super(message);
  }
}
