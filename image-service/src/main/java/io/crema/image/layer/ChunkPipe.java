package io.crema.image.layer;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Hands byte arrays from a downloading thread to an unpacking one, holding a bounded number of
 * bytes: a slow disk slows the download, a slow network the unpacking.
 */
public final class ChunkPipe extends InputStream {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<byte[]> chunks = new ArrayDeque<>();
  private final int capacity;
  private int held;
  private boolean finished;
  private boolean readerGone;
  private @Nullable IOException failure;

  // of the reading thread
  private byte[] current = new byte[0];
  private int at;

  /** Holds up to {@code capacity} bytes, and one chunk at least. */
  public ChunkPipe(int capacity) {
    this.capacity = capacity;
  }

  /**
   * Appends a chunk, which the pipe then owns; waits for room.
   *
   * @return false when the reader has gone: no more is wanted
   */
  public boolean put(byte[] chunk) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!readerGone && held > 0 && held + chunk.length > capacity) {
        changed.await();
      }
      if (readerGone) {
        return false;
      }
      chunks.add(chunk);
      held += chunk.length;
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** No more chunks come. */
  public void finish() {
    end(null);
  }

  /** No more chunks come or are wanted: the reader fails at once. */
  public void stop() {
    end(new InterruptedIOException("no longer wanted"));
  }

  private void end(@Nullable IOException cause) {
    lock.lock();
    try {
      finished = true;
      if (cause != null) {
        failure = cause;
        readerGone = true;
        chunks.clear();
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int read(byte[] out, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (at == current.length && !nextChunk()) {
      return -1;
    }
    int n = Math.min(length, current.length - at);
    System.arraycopy(current, at, out, offset, n);
    at += n;
    return n;
  }

  private boolean nextChunk() throws IOException {
    lock.lock();
    try {
      while (true) {
        byte[] chunk = chunks.poll();
        if (chunk != null) {
          held -= chunk.length;
          changed.signalAll();
          current = chunk;
          at = 0;
          if (chunk.length > 0) {
            return true;
          }
        } else if (failure != null) {
          throw new IOException(failure.getMessage(), failure);
        } else if (finished) {
          return false;
        } else {
          changed.awaitUninterruptibly(); // the writer always ends with finish or stop
        }
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  /** The reader wants no more. */
  @Override
  public void close() {
    lock.lock();
    try {
      readerGone = true;
      chunks.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
