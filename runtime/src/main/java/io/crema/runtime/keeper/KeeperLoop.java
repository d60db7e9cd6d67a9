package io.crema.runtime.keeper;

import io.crema.runtime.linux.Epoll;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Sockets;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The one platform thread that reads all connections to keepers. Listeners and what is chained to
 * futures run on it and must not block.
 */
public final class KeeperLoop implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("io.crema.runtime.keeper");
  private static final long WAKE = 0;

  private final Epoll epoll;
  private final Fd wakeSend;
  private final Fd wakeReceive;
  private final Map<Long, Connection> connections = new ConcurrentHashMap<>();
  private final Map<Connection, Long> tokens = new ConcurrentHashMap<>();
  private final AtomicLong nextToken = new AtomicLong(WAKE + 1);
  private final Queue<Connection> dropped = new ConcurrentLinkedQueue<>();
  private final Thread thread;
  private volatile boolean stopping;

  private KeeperLoop(Epoll epoll, List<Fd> wake) {
    this.epoll = epoll;
    wakeSend = wake.get(0);
    wakeReceive = wake.get(1);
    thread = Thread.ofPlatform().name("keepers").daemon(true).unstarted(this::run);
  }

  /** Starts the thread. */
  public static KeeperLoop start() throws ErrnoException {
    Epoll epoll = Epoll.open();
    KeeperLoop loop = new KeeperLoop(epoll, Sockets.linux().pair(Sockets.SOCK_SEQPACKET));
    epoll.add(loop.wakeReceive, Epoll.IN, WAKE);
    loop.thread.start();
    return loop;
  }

  void add(Connection connection) throws ErrnoException {
    long token = nextToken.getAndIncrement();
    tokens.put(connection, token);
    connections.put(token, connection);
    try {
      epoll.add(connection.socket(), Epoll.IN, token);
    } catch (ErrnoException e) {
      connections.remove(token);
      tokens.remove(connection);
      throw e;
    }
  }

  void watch(Connection connection, int events) throws ErrnoException {
    Long token = tokens.get(connection);
    if (token != null) {
      epoll.modify(connection.socket(), events, token);
    }
  }

  void drop(Connection connection) {
    dropped.add(connection);
    wake();
  }

  private void wake() {
    try {
      Sockets.linux()
          .send(wakeSend, new byte[1], List.of(), Sockets.MSG_DONTWAIT | Sockets.MSG_NOSIGNAL);
    } catch (ErrnoException e) {
      throw new UncheckedIOException("wake the keepers' thread", e);
    }
  }

  private void run() {
    try {
      while (!stopping) {
        for (Epoll.Event event : epoll.await(64, -1)) {
          if (event.token() == WAKE) {
            Sockets.linux().receive(wakeReceive, 1, 0, Sockets.MSG_DONTWAIT);
            continue;
          }
          Connection connection = connections.get(event.token());
          if (connection != null) {
            handle(connection, event.events());
          }
        }
        for (Connection c = dropped.poll(); c != null; c = dropped.poll()) {
          end(c, null);
        }
      }
    } catch (ErrnoException e) {
      LOG.log(System.Logger.Level.ERROR, "the keepers' thread ends", e);
    } finally {
      connections.values().forEach(c -> end(c, null));
      epoll.close();
    }
  }

  private void handle(Connection connection, int events) {
    try {
      if ((events & Epoll.OUT) != 0) {
        connection.writable();
      }
      if ((events & ~Epoll.OUT) != 0 && connection.readable()) {
        end(connection, null);
      }
    } catch (IOException e) {
      end(connection, e);
    } catch (RuntimeException e) {
      // A listener's mistake must not end the other pods' connections.
      LOG.log(System.Logger.Level.ERROR, connection + ": a listener failed", e);
    }
  }

  private void end(Connection connection, @Nullable IOException cause) {
    Long token = tokens.remove(connection);
    if (token == null) {
      return;
    }
    connections.remove(token);
    connection.ended(cause);
  }

  /** Ends all connections (the keepers live on) and the thread. */
  @Override
  public void close() {
    if (stopping) {
      return;
    }
    stopping = true;
    wake();
    boolean interrupted = false;
    while (thread.isAlive() && Thread.currentThread() != thread) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    wakeSend.close();
    wakeReceive.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
