package io.crema.sandbox.life;

import io.crema.sandbox.SandboxException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;

/**
 * Work that a client may ask for again while it runs: whoever asks with the same key waits for the
 * same attempt.
 *
 * <p>The kubelet repeats a request after its own deadline. The attempt doesn't end with the request
 * that began it, so a repeated one finds it running or done, and is never told that a name is taken
 * by itself.
 *
 * @param <K> what makes two requests the same
 */
public final class Attempts<K> {
  /** The work of an attempt. */
  @FunctionalInterface
  public interface Work {
    String run() throws SandboxException, InterruptedException;
  }

  private final ConcurrentHashMap<K, CompletableFuture<String>> running = new ConcurrentHashMap<>();
  private final Executor executor;

  /** Attempts run on {@code executor}, one task each. */
  public Attempts(Executor executor) {
    this.executor = executor;
  }

  /** The outcome of the attempt for {@code key}, which is begun unless one runs. */
  public String join(K key, Work work) throws SandboxException, InterruptedException {
    CompletableFuture<String> mine = new CompletableFuture<>();
    CompletableFuture<String> theirs = running.putIfAbsent(key, mine);
    if (theirs == null) {
      executor.execute(() -> attempt(key, work, mine));
    }
    try {
      return (theirs == null ? mine : theirs).get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case SandboxException s -> throw new SandboxException(s.code(), message(s), s);
        case InterruptedException i ->
            throw new SandboxException(
                SandboxException.Code.UNAVAILABLE, key + ": the daemon is stopping", i);
        case null -> throw new IllegalStateException(e);
        case Throwable t ->
            throw new SandboxException(SandboxException.Code.INTERNAL, key + ": " + t, t);
      }
    }
  }

  private static String message(SandboxException e) {
    return String.valueOf(e.getMessage());
  }

  private void attempt(K key, Work work, CompletableFuture<String> result) {
    try {
      String value = work.run();
      running.remove(key);
      result.complete(value);
    } catch (Throwable e) { // belongs to those who wait
      running.remove(key);
      result.completeExceptionally(e);
    }
  }
}
