package io.crema.runtime.keeper;

import io.crema.runtime.linux.Epoll;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Sockets;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One socket to a keeper: sends requests from any thread, matches replies on the loop's thread. The
 * loop's thread alone reads and closes the socket.
 */
final class Connection implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("io.crema.runtime.keeper");
  // Enough for 100 list entries; a request's answer with descriptors carries HeldKind's at most.
  private static final int MAX_REPLY_FDS = 16;

  private final String name;
  private final Fd socket;
  private final KeeperLoop loop;
  private final Consumer<Wire.Incoming> events;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition writable = lock.newCondition();
  private final Map<Integer, CompletableFuture<Wire.Incoming>> pending = new HashMap<>();
  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private final CompletableFuture<Closed> closed = new CompletableFuture<>();
  private int sequence;
  private boolean armed;
  private boolean shuttingDown;
  private @Nullable Closed reason;
  private volatile int peerPid;

  Connection(String name, Fd socket, KeeperLoop loop, Consumer<Wire.Incoming> events) {
    this.name = name;
    this.socket = socket;
    this.loop = loop;
    this.events = events;
  }

  Fd socket() {
    return socket;
  }

  int peerPid() {
    return peerPid;
  }

  CompletableFuture<Void> ready() {
    return ready;
  }

  CompletableFuture<Closed> closed() {
    return closed;
  }

  void expectShutdown() {
    lock.lock();
    try {
      shuttingDown = true;
    } finally {
      lock.unlock();
    }
  }

  /** Sends {@code request}; the future is completed by the reply or the connection's end. */
  CompletableFuture<Wire.Incoming> send(Wire.Request request) {
    CompletableFuture<Wire.Incoming> answer = new CompletableFuture<>();
    int mine = 0;
    lock.lock();
    try {
      if (++sequence == 0) {
        sequence = 1; // 0 marks events
      }
      mine = sequence;
      request.bytes().putInt(4, mine);
      byte[] bytes = request.bytes().array();
      while (true) {
        if (reason != null) {
          throw new KeeperException(name + ": " + reason.reason(), null);
        }
        pending.put(mine, answer);
        if (Sockets.linux().send(socket, bytes, request.fds(), Sockets.MSG_NOSIGNAL)) {
          return answer;
        }
        pending.remove(mine);
        if (!armed) {
          loop.watch(this, Epoll.IN | Epoll.OUT);
          armed = true;
        }
        writable.awaitUninterruptibly();
      }
    } catch (ErrnoException e) {
      pending.remove(mine);
      return CompletableFuture.failedFuture(new KeeperException(name + ": " + e.getMessage(), e));
    } catch (KeeperException e) {
      return CompletableFuture.failedFuture(e);
    } finally {
      lock.unlock();
    }
  }

  /** The socket has room again. On the loop's thread. */
  void writable() throws ErrnoException {
    lock.lock();
    try {
      if (armed) {
        loop.watch(this, Epoll.IN);
        armed = false;
      }
      writable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Reads all that has come; true when the connection has ended. On the loop's thread. */
  boolean readable() throws IOException {
    while (true) {
      Sockets.Message message =
          Sockets.linux().receive(socket, Wire.MAX_MESSAGE, MAX_REPLY_FDS, Sockets.MSG_DONTWAIT);
      if (message == null) {
        return false;
      }
      if (message.bytes().length == 0) {
        return true;
      }
      Wire.Incoming m = Wire.Incoming.of(message);
      if (m == null) {
        message.fds().forEach(Fd::close);
        throw new IOException(name + ": a message of " + message.bytes().length + " bytes");
      }
      dispatch(m);
    }
  }

  private void dispatch(Wire.Incoming m) {
    if (m.type() == Wire.EVENT_HELLO) {
      peerPid = m.b();
      if (m.a() == 0) {
        ready.complete(null);
      } else {
        ready.completeExceptionally(new KeeperException(name + ": set up", m.a()));
      }
      return;
    }
    if (m.sequence() == 0) {
      events.accept(m);
      return;
    }
    CompletableFuture<Wire.Incoming> answer;
    lock.lock();
    try {
      answer = pending.remove(m.sequence());
    } finally {
      lock.unlock();
    }
    if (answer == null || !answer.complete(m)) {
      unexpected(m);
    }
  }

  void logFailure(String what, @Nullable Throwable e) {
    if (e != null) {
      LOG.log(System.Logger.Level.WARNING, name + ": " + what, e);
    }
  }

  void unexpected(Wire.Incoming m) {
    LOG.log(
        System.Logger.Level.WARNING,
        "{0}: unexpected message {1} for launch {2}",
        name,
        Integer.toHexString(m.type()),
        m.launch());
    m.fds().forEach(Fd::close);
  }

  /** The connection has ended. On the loop's thread, which has stopped watching it. */
  void ended(@Nullable IOException cause) {
    List<CompletableFuture<Wire.Incoming>> lost;
    Closed why;
    lock.lock();
    try {
      if (reason == null) {
        reason =
            cause != null
                ? new Closed.Failed(cause)
                : shuttingDown ? new Closed.ShutDown() : new Closed.Died();
      }
      why = reason;
      lost = List.copyOf(pending.values());
      pending.clear();
      writable.signalAll();
      socket.close();
    } finally {
      lock.unlock();
    }
    KeeperException e = new KeeperException(name + ": " + why.reason(), cause);
    lost.forEach(f -> f.completeExceptionally(e));
    ready.completeExceptionally(e);
    closed.complete(why);
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (reason != null) {
        return;
      }
      reason = new Closed.ByUs();
      writable.signalAll();
    } finally {
      lock.unlock();
    }
    loop.drop(this);
  }

  @Override
  public String toString() {
    return name;
  }
}
