package io.crema.sandbox.life;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.sandbox.SandboxException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AttemptsTest {
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final Attempts<String> attempts = new Attempts<>(executor);

  @AfterEach
  void close() {
    executor.close();
  }

  @Test
  void aRepeatedRequestJoinsTheAttemptThatRuns() throws Exception {
    AtomicInteger runs = new AtomicInteger();
    CountDownLatch begun = new CountDownLatch(1);
    CompletableFuture<String> outcome = new CompletableFuture<>();
    Attempts.Work work =
        () -> {
          runs.incrementAndGet();
          begun.countDown();
          return outcome.join();
        };
    Future<String> first = executor.submit(() -> attempts.join("pod", work));
    begun.await();
    Future<String> second = executor.submit(() -> attempts.join("pod", work));
    outcome.complete("id");
    assertThat(first.get()).isEqualTo("id");
    assertThat(second.get()).isEqualTo("id");
    assertThat(runs).hasValueBetween(1, 2); // the second may have come after the end
  }

  @Test
  void anAttemptOutlivesTheRequestThatBeganIt() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CompletableFuture<String> outcome = new CompletableFuture<>();
    Future<String> first =
        executor.submit(
            () ->
                attempts.join(
                    "pod",
                    () -> {
                      begun.countDown();
                      return outcome.join();
                    }));
    begun.await();
    first.cancel(true);
    Future<String> second = executor.submit(() -> attempts.join("pod", () -> "another attempt"));
    outcome.complete("the first attempt");
    assertThat(second.get()).isIn("the first attempt", "another attempt");
    assertThat(outcome).isCompletedWithValue("the first attempt");
  }

  @Test
  void aFailureReachesAllWhoWaitAndTheNextRequestTriesAnew() throws Exception {
    assertThatThrownBy(
            () ->
                attempts.join(
                    "pod",
                    () -> {
                      throw new SandboxException(SandboxException.Code.UNAVAILABLE, "no");
                    }))
        .isInstanceOf(SandboxException.class)
        .hasMessage("no")
        .extracting(e -> ((SandboxException) e).code())
        .isEqualTo(SandboxException.Code.UNAVAILABLE);
    assertThat(attempts.join("pod", () -> "yes")).isEqualTo("yes");
  }
}
