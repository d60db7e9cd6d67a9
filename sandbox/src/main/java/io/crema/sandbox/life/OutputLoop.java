package io.crema.sandbox.life;

import io.crema.runtime.linux.Descriptors;
import io.crema.runtime.linux.Epoll;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import java.io.ByteArrayOutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Reads the output of ExecSync's commands: one platform thread for all their pipes, since a read in
 * JNA would hold a virtual thread's carrier.
 */
final class OutputLoop implements AutoCloseable {
  /** What ExecSync may answer per stream (api.proto, ExecSyncResponse); the rest is discarded. */
  static final int LIMIT = 16 << 20;

  private static final Logger LOG = System.getLogger("io.crema.sandbox");
  private static final long WAKE = 0;

  private final Epoll epoll;
  private final Descriptors.Pipe wake;
  private final Map<Long, Output> open = new ConcurrentHashMap<>();
  private final AtomicLong tokens = new AtomicLong(WAKE);
  private final Thread thread;
  private volatile boolean stopping;

  /** One stream's output so far. */
  final class Output implements AutoCloseable {
    private final long token;
    private final Fd pipe;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private boolean ended;

    private Output(long token, Fd pipe) {
      this.token = token;
      this.pipe = pipe;
    }

    /** Reads what is there, without waiting. */
    private synchronized void drain(byte[] buffer) throws ErrnoException {
      while (!ended) {
        int n = Descriptors.linux().read(pipe, buffer, 0, buffer.length);
        if (n < 0) {
          return;
        }
        if (n == 0) {
          end();
        } else if (bytes.size() < LIMIT) {
          bytes.write(buffer, 0, Math.min(n, LIMIT - bytes.size()));
        }
      }
    }

    private void end() throws ErrnoException {
      ended = true;
      if (open.remove(token) != null) {
        epoll.remove(pipe);
      }
      pipe.close();
    }

    /**
     * All that was written before now: the command has ended, what it left running isn't waited
     * for.
     */
    byte[] finish() throws ErrnoException {
      drain(new byte[65536]);
      close();
      synchronized (this) {
        return bytes.toByteArray();
      }
    }

    @Override
    public synchronized void close() throws ErrnoException {
      if (!ended) {
        end();
      }
    }
  }

  private OutputLoop(Epoll epoll, Descriptors.Pipe wake) {
    this.epoll = epoll;
    this.wake = wake;
    this.thread = Thread.ofPlatform().name("exec-output").daemon().unstarted(this::run);
  }

  static OutputLoop start() throws ErrnoException {
    OutputLoop loop = new OutputLoop(Epoll.open(), Descriptors.linux().pipe("exec output", 0));
    loop.epoll.add(loop.wake.readEnd(), Epoll.IN, WAKE);
    loop.thread.start();
    return loop;
  }

  /** Reads {@code pipe}, whose reading end becomes this loop's, from now on. */
  Output read(Fd pipe) throws ErrnoException {
    Descriptors.linux().setNonBlocking(pipe, true);
    Output output = new Output(tokens.incrementAndGet(), pipe);
    open.put(output.token, output);
    epoll.add(pipe, Epoll.IN, output.token);
    return output;
  }

  private void run() {
    byte[] buffer = new byte[65536];
    while (!stopping) {
      try {
        for (Epoll.Event event : epoll.await(64, -1)) {
          Output output = open.get(event.token());
          if (output != null) {
            output.drain(buffer);
          }
        }
      } catch (ErrnoException e) {
        LOG.log(Level.ERROR, "exec output", e);
      }
    }
    epoll.close();
    wake.close();
  }

  @Override
  public void close() {
    stopping = true;
    try {
      Descriptors.linux().writeAll(wake.writeEnd(), new byte[1]);
      thread.join();
    } catch (ErrnoException e) {
      LOG.log(Level.ERROR, "exec output: stop", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
