package io.crema.sandbox.life;

import io.crema.runtime.keeper.Exit;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Hands an exec's exit, or that its keeper is gone, to whoever waits. */
record ExitFuture(Pod pod, CompletableFuture<Exit> ended) implements LaunchObserver {
  @Override
  public void exited(Exit exit) {
    ended.complete(exit);
  }

  @Override
  public void lost() {
    ended.completeExceptionally(new IOException(pod.display() + ": its keeper is gone"));
  }

  /** Why the exit will never be known. */
  static IOException unwrap(ExecutionException e) {
    return e.getCause() instanceof IOException io
        ? new IOException(io.getMessage(), io)
        : new IOException(e);
  }
}
