package io.crema.sandbox.life;

import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Poller;
import org.jspecify.annotations.Nullable;

/** The thread that waits for clients' streams, started by the first of them. */
final class StreamLoop implements AutoCloseable {
  private @Nullable Poller poller;
  private boolean closed;

  synchronized Poller poller() throws ErrnoException {
    if (closed) {
      throw new IllegalStateException("the daemon ends");
    }
    Poller p = poller;
    if (p == null) {
      p = Poller.start();
      poller = p;
    }
    return p;
  }

  @Override
  public void close() {
    Poller running;
    synchronized (this) {
      closed = true;
      running = poller;
      poller = null;
    }
    if (running != null) {
      running.close();
    }
  }
}
