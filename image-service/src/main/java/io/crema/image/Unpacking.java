package io.crema.image;

import io.crema.image.layer.LayerException;
import io.crema.image.layer.LayerInfo;
import io.crema.image.layer.LayerStore;
import io.crema.image.layer.LayerUnpacker;
import io.crema.image.model.PullException;
import io.crema.image.store.ImageRecord;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;

/**
 * One layer being unpacked on a thread of its own. Whoever started it waits for its result, or
 * stops it, before the draft that it writes into is closed.
 */
final class Unpacking {
  private final Stoppable in;
  private final Runnable wake;
  private final CompletableFuture<LayerInfo> coming;

  /**
   * Starts.
   *
   * @param wake makes a read of {@code in} that waits return
   */
  Unpacking(
      ImageRecord.Layer layer,
      InputStream in,
      Runnable wake,
      LayerStore.Draft draft,
      Limits limits,
      Executor threads) {
    this.in = new Stoppable(in);
    this.wake = wake;
    coming = CompletableFuture.supplyAsync(() -> unpack(layer, draft, limits), threads);
  }

  private LayerInfo unpack(ImageRecord.Layer layer, LayerStore.Draft draft, Limits limits) {
    try (Stoppable input = in) { // closed also on failure: nobody may wait for it to read on
      return LayerUnpacker.unpack(
          input,
          layer.compression(),
          layer.blob().size(),
          draft.tree(),
          draft.scratch(),
          limits.unpack());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether it has failed for another reason than the content's form. */
  boolean isHopeless() {
    return coming.isCompletedExceptionally()
        && !(coming.exceptionNow() instanceof UncheckedIOException io
            && io.getCause() instanceof LayerException layer
            && !layer.isTooLarge());
  }

  /** Waits for the tree to be whole; an interrupt stops it. */
  LayerInfo result() throws IOException, InterruptedException {
    try {
      return coming.get();
    } catch (InterruptedException e) {
      stop();
      throw e;
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case UncheckedIOException io -> throw told(io);
        case RuntimeException r -> throw r;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  private static IOException told(UncheckedIOException e) {
    IOException cause = Objects.requireNonNull(e.getCause());
    String message = String.valueOf(cause.getMessage());
    if (!(cause instanceof LayerException layer)) {
      return new IOException(message, cause);
    }
    return layer.isTooLarge()
        ? new PullException.TooLarge(message, layer)
        : new PullException.Invalid(message, layer);
  }

  /** Ends it, and returns when it no longer writes. */
  void stop() {
    in.stopped = true;
    wake.run();
    coming.handle((_, _) -> true).join();
  }

  /** Ends with an error once it is told to. */
  private static final class Stoppable extends InputStream {
    private final InputStream in;
    private volatile boolean stopped;

    Stoppable(InputStream in) {
      this.in = in;
    }

    @Override
    public int read(byte[] out, int offset, int length) throws IOException {
      if (stopped) {
        throw new InterruptedIOException("no longer wanted");
      }
      return in.read(out, offset, length);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
