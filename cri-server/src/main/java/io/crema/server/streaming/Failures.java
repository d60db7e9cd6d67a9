package io.crema.server.streaming;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Failures of other threads, for this one to throw. */
final class Failures {
  private Failures() {}

  /** What failed, as an IOException of this thread's own. */
  static IOException unwrapped(ExecutionException e) {
    Throwable cause = e.getCause();
    return switch (cause) {
      case null -> new IOException(e);
      case ClientGoneException gone -> gone;
      default -> new IOException(message(cause), cause);
    };
  }

  /** Something for a person, always. */
  static String message(Throwable e) {
    @Nullable String message = e.getMessage();
    return message == null || message.isEmpty() ? e.getClass().getSimpleName() : message;
  }
}
