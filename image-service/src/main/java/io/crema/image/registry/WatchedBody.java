package io.crema.image.registry;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * A response's body that is broken off when the network brings next to nothing for a while. Only
 * the time that a read waits counts: a reader that is slow itself, because a disk is, must not lose
 * its download (containerd#11650).
 */
final class WatchedBody extends InputStream {
  private static final int LOOKS = 4; // within one timeout

  private final InputStream in;
  private final Duration timeout;
  private final long least;
  private final ScheduledFuture<?> looking;

  // guarded by this
  private long waited;
  private long waitingSince;
  private boolean waiting;
  private long received;
  private boolean stalled;

  // of the watching thread
  private long windowWaited;
  private long windowReceived;

  /** Watches {@code in}, which it then owns, on a thread of {@code watch}. */
  WatchedBody(
      InputStream in, ScheduledExecutorService watch, Duration timeout, long bytesPerSecond) {
    this.in = in;
    this.timeout = timeout;
    // one byte at least, or a rate of 0 would never end a wait
    this.least = Math.max(1, (long) (bytesPerSecond * (timeout.toMillis() / 1000.0)));
    long period = Math.max(1, timeout.toMillis() / LOOKS);
    looking = watch.scheduleAtFixedRate(this::look, period, period, TimeUnit.MILLISECONDS);
  }

  private void look() {
    synchronized (this) {
      long now = waited + (waiting ? System.nanoTime() - waitingSince : 0);
      if (now - windowWaited < timeout.toNanos()) {
        return;
      }
      if (received - windowReceived >= least) {
        windowWaited = now;
        windowReceived = received;
        return;
      }
      stalled = true;
    }
    looking.cancel(false);
    closeQuietly(); // wakes the read, which then tells
  }

  private void closeQuietly() {
    try {
      in.close();
    } catch (IOException e) {
      return; // the read that waits fails all the same
    }
  }

  @Override
  public int read(byte[] out, int offset, int length) throws IOException {
    synchronized (this) {
      waitingSince = System.nanoTime();
      waiting = true;
    }
    int n = 0;
    try {
      n = in.read(out, offset, length);
    } catch (IOException e) {
      throw stalled() ? stall(e) : e;
    } finally {
      synchronized (this) {
        waiting = false;
        waited += System.nanoTime() - waitingSince;
        received += Math.max(0, n);
      }
    }
    if (n < 0 && stalled()) {
      throw stall(null);
    }
    return n;
  }

  private synchronized boolean stalled() {
    return stalled;
  }

  private IOException stall(@org.jspecify.annotations.Nullable IOException cause) {
    return new IOException(
        "stalled: less than %d bytes in %s s".formatted(least, timeout.toMillis() / 1000.0), cause);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public void close() throws IOException {
    looking.cancel(false);
    in.close();
  }
}
