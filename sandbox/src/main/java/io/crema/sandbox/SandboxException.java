package io.crema.sandbox;

import org.jspecify.annotations.Nullable;

/** A request that can't be fulfilled: what, which, why, and how the client shall take it. */
public final class SandboxException extends Exception {
  private static final long serialVersionUID = 1;

  /** How the client shall take it; each is the gRPC code of the same name. */
  public enum Code {
    NOT_FOUND,
    ALREADY_EXISTS,
    INVALID_ARGUMENT,
    FAILED_PRECONDITION,
    RESOURCE_EXHAUSTED,
    UNAVAILABLE,
    DEADLINE_EXCEEDED,
    CANCELLED,
    UNIMPLEMENTED,
    INTERNAL
  }

  private final Code code;

  /** An error without a deeper cause. */
  public SandboxException(Code code, String message) {
    this(code, message, null);
  }

  /** An error with its cause; {@code message} already says what a person needs. */
  public SandboxException(Code code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /** How the client shall take it. */
  public Code code() {
    return code;
  }
}
