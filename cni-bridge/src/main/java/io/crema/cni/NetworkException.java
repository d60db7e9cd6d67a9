package io.crema.cni;

import org.jspecify.annotations.Nullable;

/** A network operation can't be done: which, of what, why. */
public final class NetworkException extends Exception {
  private static final long serialVersionUID = 1;

  /** What kind of failure it is, for the caller's choice of an answer. */
  public enum Kind {
    /** The request contradicts itself or the configuration. */
    INVALID,
    /** Something else has what was asked for: a host port, a subnet. */
    CONFLICT,
    /** No address is free. */
    EXHAUSTED,
    /** Not now: a network isn't configured yet, or a plugin asks to be tried again later. */
    UNAVAILABLE,
    /** The kernel, the disk or a plugin refused. */
    SYSTEM
  }

  private final Kind kind;

  /** An error with its cause; {@code message} already says what a person needs. */
  public NetworkException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** An error without a deeper cause. */
  public NetworkException(Kind kind, String message) {
    this(kind, message, null);
  }

  /** What kind of failure it is. */
  public Kind kind() {
    return kind;
  }
}
