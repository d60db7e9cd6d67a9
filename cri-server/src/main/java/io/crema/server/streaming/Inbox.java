package io.crema.server.streaming;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What a client has sent on one stream and nobody has read yet. The event loop fills it and never
 * waits; one session thread reads it. How full all inboxes of a connection are is counted by {@code
 * account}, which stops the client.
 */
final class Inbox extends InputStream {
  private final IntConsumer account;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<byte[]> chunks = new ArrayDeque<>();
  private int offset; // within the first chunk
  private boolean ended;
  private boolean closed;
  private @Nullable ClientGoneException failure;

  /** {@code account} takes the bytes that came in, and negative those that are gone. */
  Inbox(IntConsumer account) {
    this.account = account;
  }

  /** More from the client. */
  void add(byte[] bytes) {
    lock.lock();
    try {
      if (bytes.length == 0 || ended || closed || failure != null) {
        return;
      }
      chunks.add(bytes);
      account.accept(bytes.length);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The client has ended the stream. */
  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The stream is lost; what was received is still read. */
  void fail(ClientGoneException cause) {
    lock.lock();
    try {
      if (!ended && failure == null) {
        failure = cause;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int from, int length) throws IOException {
    Objects.checkFromIndexSize(from, length, buffer.length);
    if (length == 0) {
      return 0;
    }
    lock();
    try {
      while (chunks.isEmpty() && !ended && !closed && failure == null) {
        changed.await();
      }
      if (closed) {
        throw new IOException("the stream was closed");
      }
      byte[] chunk = chunks.peek();
      if (chunk == null) {
        ClientGoneException cause = failure;
        if (cause != null) {
          throw cause;
        }
        return -1;
      }
      int n = Math.min(length, chunk.length - offset);
      System.arraycopy(chunk, offset, buffer, from, n);
      offset += n;
      if (offset == chunk.length) {
        chunks.remove();
        offset = 0;
      }
      account.accept(-n);
      return n;
    } catch (InterruptedException e) {
      throw interrupted();
    } finally {
      lock.unlock();
    }
  }

  private void lock() throws IOException {
    try {
      lock.lockInterruptibly();
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  private static InterruptedIOException interrupted() {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("interrupted while waiting for the client");
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      int left = -offset;
      for (byte[] chunk : chunks) {
        left += chunk.length;
      }
      chunks.clear();
      offset = 0;
      if (left > 0) {
        account.accept(-left);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
