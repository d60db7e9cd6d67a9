package io.crema.cni.netlink;

import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Namespaces;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * A platform thread that enters network namespaces and comes back, one short errand after another:
 * to make a thread for each would cost more than the errand. It does nothing else, and it ends if
 * it can't come back; the next errand gets a new one.
 */
final class NamespaceHopper {
  static final NamespaceHopper INSTANCE = new NamespaceHopper();

  /** Work that is done in microseconds and leaves nothing of the namespace on its thread. */
  @FunctionalInterface
  interface Errand<T> {
    T run() throws IOException;
  }

  /** Gives back what an errand brought, when nobody takes it. */
  @FunctionalInterface
  interface Disposal<T> {
    void dispose(T result);
  }

  private record Job(Fd netns, Runnable work, CompletableFuture<?> failure) {}

  private final BlockingQueue<Job> jobs = new LinkedBlockingQueue<>();
  private @Nullable Thread thread;

  private NamespaceHopper() {}

  /** Runs {@code errand} in {@code netns}, which is lent for the call. */
  <T> T in(Fd netns, Errand<T> errand, Disposal<T> unwanted)
      throws IOException, InterruptedException {
    CompletableFuture<T> result = new CompletableFuture<>();
    jobs.add(new Job(netns, () -> run(errand, result, unwanted), result));
    ensureThread();
    try {
      return result.get();
    } catch (InterruptedException e) {
      // Whoever completes it second disposes of what was brought.
      if (!result.cancel(false) && !result.isCompletedExceptionally()) {
        unwanted.dispose(result.join());
      }
      throw e;
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException io -> throw io;
        case RuntimeException r -> throw r;
        case null, default -> throw new IllegalStateException(e.getCause());
      }
    }
  }

  private static <T> void run(Errand<T> errand, CompletableFuture<T> result, Disposal<T> unwanted) {
    try {
      T brought = errand.run();
      if (!result.complete(brought)) {
        unwanted.dispose(brought);
      }
    } catch (IOException | RuntimeException e) {
      result.completeExceptionally(e);
    }
  }

  private synchronized void ensureThread() {
    if (thread == null || !thread.isAlive()) {
      thread =
          Thread.ofPlatform().name("crema-netns").daemon().stackSize(256 * 1024).start(this::serve);
    }
  }

  /** Forgets this thread, which ends now, and starts another if errands wait. */
  private synchronized void leave() {
    thread = null;
    if (!jobs.isEmpty()) {
      ensureThread();
    }
  }

  private void serve() {
    Namespaces namespaces = Namespaces.linux();
    try (Fd home = namespaces.current("net")) {
      while (true) {
        Job job = jobs.take();
        try {
          namespaces.setns(job.netns(), Namespaces.CLONE_NEWNET);
        } catch (IOException | RuntimeException e) {
          job.failure().completeExceptionally(e);
          continue; // it is still at home
        }
        try {
          job.work().run();
        } finally {
          namespaces.setns(home, Namespaces.CLONE_NEWNET);
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException("the thread that enters pods' namespaces can't go on", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      leave();
    }
  }
}
