package io.crema.runtime.linux;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets threads, virtual ones above all, wait for pipes, terminals and sockets: one platform thread
 * sits in epoll_wait(2) for all of them, and no wait holds a carrier thread, as a blocking read in
 * JNA would.
 *
 * <p>Thread-safe. Closing it ends all waits.
 */
public final class Poller implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("io.crema.runtime.linux");
  private static final long WAKE = 0;

  private final Epoll epoll;
  private final Descriptors.Pipe wake;
  private final Map<Long, PolledFd> watched = new ConcurrentHashMap<>();
  private final AtomicLong tokens = new AtomicLong(WAKE);
  private final Thread thread;
  private volatile boolean stopping;

  private Poller(Epoll epoll, Descriptors.Pipe wake) {
    this.epoll = epoll;
    this.wake = wake;
    this.thread = Thread.ofPlatform().name("streams").daemon().unstarted(this::run);
  }

  /** Starts the thread. */
  public static Poller start() throws ErrnoException {
    Poller poller = new Poller(Epoll.open(), Descriptors.linux().pipe("poller", 0));
    poller.epoll.add(poller.wake.readEnd(), Epoll.IN, WAKE);
    poller.thread.start();
    return poller;
  }

  /** A stream that reads {@code fd}, which it owns from now on, also when this fails. */
  public PolledInput input(Fd fd) throws ErrnoException {
    return new PolledInput(watch(fd, Epoll.IN));
  }

  /** A stream that writes {@code fd}, which it owns from now on, also when this fails. */
  public PolledOutput output(Fd fd) throws ErrnoException {
    return new PolledOutput(watch(fd, Epoll.OUT), PolledOutput.NOTHING);
  }

  /**
   * Both directions of a connected socket, which they own from now on, also when this fails;
   * closing the output ends it for the peer (shutdown(2)).
   */
  public PolledSocket socket(Fd socket) throws ErrnoException {
    Fd second;
    try {
      second = Descriptors.linux().duplicate(socket);
    } catch (ErrnoException e) {
      socket.close();
      throw e;
    }
    PolledInput in;
    try {
      in = input(socket);
    } catch (ErrnoException e) {
      second.close();
      throw e;
    }
    try {
      return new PolledSocket(
          in, new PolledOutput(watch(second, Epoll.OUT), Sockets.linux()::shutdownOutput));
    } catch (ErrnoException e) {
      in.close();
      throw e;
    }
  }

  /**
   * Connects {@code socket}, which this owns from now on, also when it fails, to a raw sockaddr;
   * waits as long as the kernel tries.
   */
  public PolledSocket connect(Fd socket, byte[] sockaddr) throws IOException {
    try {
      Descriptors.linux().setNonBlocking(socket, true);
      Sockets.linux().connect(socket, sockaddr);
    } catch (ErrnoException e) {
      socket.close();
      throw e;
    }
    PolledSocket polled = socket(socket);
    try {
      polled.out().await(fd -> Sockets.linux().connect(fd, sockaddr) ? 0 : -1);
      return polled;
    } catch (IOException e) {
      polled.in().close();
      polled.out().abandon();
      throw e;
    }
  }

  private PolledFd watch(Fd fd, int interest) throws ErrnoException {
    boolean watching = false;
    PolledFd polled = new PolledFd(this, fd, interest, tokens.incrementAndGet());
    try {
      Descriptors.linux().setNonBlocking(fd, true);
      watched.put(polled.token(), polled);
      // Errors and hang-ups are told unasked: once, and again when it is armed.
      epoll.add(fd, Epoll.ONESHOT, polled.token());
      watching = true;
    } finally {
      if (!watching) {
        watched.remove(polled.token());
        fd.close();
      }
    }
    if (stopping) {
      polled.close();
    }
    return polled;
  }

  void arm(PolledFd polled) throws ErrnoException {
    epoll.modify(polled.fd(), polled.interest() | Epoll.ONESHOT, polled.token());
  }

  void forget(PolledFd polled) {
    if (watched.remove(polled.token()) != null) {
      try {
        epoll.remove(polled.fd());
      } catch (ErrnoException e) {
        throw new IllegalStateException("somebody else closed " + polled.fd(), e);
      }
    }
  }

  private void run() {
    try {
      while (!stopping) {
        for (Epoll.Event event : epoll.await(64, -1)) {
          PolledFd polled = watched.get(event.token());
          if (polled != null) {
            polled.ready();
          }
        }
      }
    } catch (ErrnoException e) {
      LOG.log(System.Logger.Level.ERROR, "streams to clients can't be waited for any more", e);
    } finally {
      stopping = true;
      watched.values().forEach(PolledFd::close);
      epoll.close();
      wake.close();
    }
  }

  @Override
  public void close() {
    stopping = true;
    boolean interrupted = false;
    try {
      Descriptors.linux().writeAll(wake.writeEnd(), new byte[1]);
    } catch (ErrnoException | IllegalStateException e) {
      LOG.log(System.Logger.Level.DEBUG, "the streams' thread has ended already", e);
    }
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
