package io.crema.runtime.linux;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Runs work on a platform thread of its own that may change its namespaces, and that ends
 * afterwards: no thread which has been in another namespace ever serves anything else.
 */
public final class NamespaceThread {
  private NamespaceThread() {}

  /** Work in a changed namespace. */
  @FunctionalInterface
  public interface Work<T extends @Nullable Object> {
    T run() throws IOException;
  }

  /**
   * Runs {@code work} on a new thread and waits for its end; {@code name} shows in thread dumps.
   */
  public static <T extends @Nullable Object> T call(String name, Work<T> work)
      throws IOException, InterruptedException {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread.ofPlatform()
        .name(name)
        .stackSize(256 * 1024)
        .daemon()
        .start(
            () -> {
              try {
                result.complete(work.run());
              } catch (Throwable e) { // whatever it is belongs to the caller
                result.completeExceptionally(e);
              }
            });
    try {
      return result.get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      switch (cause) {
        case IOException io -> throw io;
        case RuntimeException r -> throw r;
        case Error r -> throw r;
        case null, default -> throw new IllegalStateException(cause);
      }
    }
  }
}
