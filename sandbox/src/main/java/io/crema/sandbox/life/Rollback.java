package io.crema.sandbox.life;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Undoes what has been done, last first, unless it is {@link #keep kept}.
 *
 * <p>Use with try-with-resources: every step that leaves something behind registers how to undo it
 * right after it succeeded. Failures of undoing are thrown together at the end; try-with-resources
 * adds them to the failure that caused the rollback.
 */
public final class Rollback implements AutoCloseable {
  /** How to undo one step. */
  @FunctionalInterface
  public interface Undo {
    void run() throws Exception;
  }

  private final Deque<Undo> undos = new ArrayDeque<>();

  /** Registers {@code undo} for what was just done. */
  public void add(Undo undo) {
    undos.push(undo);
  }

  /** All of it succeeded: nothing is undone. */
  public void keep() {
    undos.clear();
  }

  @Override
  public void close() {
    RollbackException failure = null;
    while (!undos.isEmpty()) {
      try {
        undos.pop().run();
      } catch (Exception e) { // every step must be undone, whatever happens to one
        if (e instanceof InterruptedException) {
          Thread.currentThread().interrupt();
        }
        if (failure == null) {
          failure = new RollbackException(e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** A step could not be undone. */
  public static final class RollbackException extends RuntimeException {
    private static final long serialVersionUID = 1;

    RollbackException(Exception cause) {
      super("could not undo everything: " + cause.getMessage(), cause);
    }
  }
}
