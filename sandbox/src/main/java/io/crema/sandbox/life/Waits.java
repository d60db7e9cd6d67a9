package io.crema.sandbox.life;

import io.crema.sandbox.SandboxException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Waiting for what a keeper answers. */
final class Waits {
  /** How long a keeper may take for what costs it microseconds before it counts as broken. */
  static final Duration ANSWER = Duration.ofSeconds(30);

  private Waits() {}

  /** What {@code future} brings; its failure as it is when it is an IOException. */
  static <T extends @Nullable Object> T get(CompletableFuture<T> future, String what)
      throws IOException, SandboxException, InterruptedException {
    return get(future, ANSWER, what);
  }

  static <T extends @Nullable Object> T get(
      CompletableFuture<T> future, Duration patience, String what)
      throws IOException, SandboxException, InterruptedException {
    try {
      return future.get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException io -> throw io;
        case RuntimeException r -> throw r;
        case null, default -> throw new IllegalStateException(what, e);
      }
    } catch (TimeoutException e) {
      throw new SandboxException(
          SandboxException.Code.DEADLINE_EXCEEDED,
          what + ": no answer in " + patience.toSeconds() + " s",
          e);
    }
  }
}
