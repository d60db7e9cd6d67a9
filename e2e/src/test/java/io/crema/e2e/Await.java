package io.crema.e2e;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Waits for a state that announces itself to nobody: the kernel's background work, or what a client
 * shows only when it's asked.
 */
public final class Await {

  private static final Duration PAUSE = Duration.ofMillis(25);

  private Await() {}

  /**
   * Asks again until there is a value; fails the test, naming {@code what}, when there is none
   * within the limit.
   */
  public static <T> T value(String what, Duration limit, Supplier<Optional<T>> question) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (true) {
      Optional<T> answer = question.get();
      if (answer.isPresent()) {
        return answer.get();
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError(what + ": not so after " + limit);
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
  }

  /** Asks again until the answer is yes. */
  public static void until(String what, Duration limit, Supplier<Boolean> question) {
    value(what, limit, () -> question.get() ? Optional.of(true) : Optional.empty());
  }
}
