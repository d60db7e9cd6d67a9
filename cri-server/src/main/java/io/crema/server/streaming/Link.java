package io.crema.server.streaming;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection: bytes from and to the {@link Transport} go through netty's codecs, whose
 * state belongs to the event loop. Only what says so may be called from other threads.
 *
 * <p>Backpressure, both ways: session threads wait in {@link #send} while the client doesn't read;
 * the client isn't read from while sessions have more than {@link #INBOX_HIGH} bytes of it left to
 * read, or while it doesn't take what its own frames made this send. SPDY's windows play no part:
 * the Kubernetes clients neither heed nor update them.
 */
final class Link {
  /** Unread bytes of all streams at which the client is stopped, and may go on again. */
  static final int INBOX_HIGH = 128 * 1024;

  static final int INBOX_LOW = 32 * 1024;

  /** How long a client may take to close a connection on which all has been said. */
  static final Duration LINGER = Duration.ofSeconds(30);

  private static final System.Logger log = System.getLogger("io.crema.server.streaming");

  private final Transport transport;
  private final EmbeddedChannel codec;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Set<CloseTask> closeTasks = new LinkedHashSet<>(); // under the lock
  private volatile boolean closed;
  private boolean full; // under the lock
  private long unread; // under the lock
  private boolean stalled; // the client is stopped since unread is high; under the lock
  private boolean choked; // the client is stopped since it doesn't read; event loop's
  private boolean finishing; // event loop's
  private Messages receiver = _ -> {};

  /** Takes decoded frames; may throw {@link ProtocolException}. */
  interface Messages {
    void received(Object message);
  }

  Link(Transport transport) {
    this.transport = transport;
    this.codec = new EmbeddedChannel();
    codec.config().setAllocator(new UnpooledByteBufAllocator(false));
    codec.pipeline().addLast("tail", new Tail(message -> receiver.received(message)));
  }

  EmbeddedChannel codec() {
    return codec;
  }

  Transport transport() {
    return transport;
  }

  /** Hands frames to {@code next} from now on. */
  void receiver(Messages next) {
    receiver = next;
  }

  /**
   * Runs {@code task}, which must not block, when the connection ends, at once when it has ended;
   * running the result prevents it. From any thread.
   */
  Runnable onClose(Runnable task) {
    CloseTask registered = new CloseTask(task);
    lock.lock();
    try {
      if (!closed) {
        closeTasks.add(registered);
        return () -> forget(registered);
      }
    } finally {
      lock.unlock();
    }
    task.run();
    return () -> {};
  }

  private void forget(CloseTask task) {
    lock.lock();
    try {
      closeTasks.remove(task);
    } finally {
      lock.unlock();
    }
  }

  /** Itself, whatever it runs: the same task may be registered twice. */
  private static final class CloseTask {
    private final Runnable task;

    CloseTask(Runnable task) {
      this.task = task;
    }
  }

  // --- the transport's events ---

  /** Bytes from the client. */
  void received(byte[] bytes) {
    if (closed) {
      return;
    }
    try {
      codec.writeInbound(Unpooled.wrappedBuffer(bytes));
      flush();
      if (transport.full() && !choked) {
        choked = true;
        pauseOrResume();
      }
    } catch (Exception e) { // malformed bytes; the codecs' own are checked, and not declared
      fail(e.toString());
    } catch (Error e) {
      log.log(Level.ERROR, "a streaming connection is ended", e);
      close();
      throw e;
    }
  }

  /** The transport can take more. */
  void writable() {
    setFull(transport.full());
    if (choked && !transport.full()) {
      choked = false;
      pauseOrResume();
    }
  }

  /** The connection has ended. */
  void disconnected() {
    if (closed) {
      return;
    }
    List<CloseTask> tasks;
    lock.lock();
    try {
      closed = true;
      tasks = List.copyOf(closeTasks);
      closeTasks.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    tasks.forEach(t -> t.task.run());
    try {
      codec.finishAndReleaseAll();
    } catch (Exception e) { // a frame that was cut in the middle
      log.log(Level.DEBUG, "the client''s last frame is incomplete: {0}", e.toString());
    }
  }

  // --- sending ---

  /** Encodes and sends a message; event loop only, for what must not wait. */
  void sendNow(Object message) {
    if (closed) {
      ReferenceCountUtil.release(message);
      return;
    }
    codec.writeOutbound(message);
    flush();
  }

  /** Sends bytes past the codecs. */
  void sendRaw(byte[] bytes) {
    if (!closed) {
      transport.write(bytes);
    }
  }

  /** Sends what the codecs have made. */
  void flush() {
    for (Object encoded = codec.readOutbound(); encoded != null; encoded = codec.readOutbound()) {
      ByteBuf buffer = (ByteBuf) encoded;
      try {
        byte[] bytes = new byte[buffer.readableBytes()];
        buffer.readBytes(bytes);
        transport.write(bytes);
      } finally {
        buffer.release();
      }
    }
    setFull(transport.full());
  }

  private void setFull(boolean now) {
    lock.lock();
    try {
      full = now;
      if (!now) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** What a session sends. */
  @FunctionalInterface
  interface Sending {
    /** Runs on the event loop: {@link #sendNow}, unless the stream is gone. */
    void run() throws IOException;
  }

  /**
   * Runs {@code sending} on the event loop once the client has taken enough of what went before,
   * and waits until it has run; not from the event loop.
   */
  void send(Sending sending) throws IOException {
    CompletableFuture<Void> sent = new CompletableFuture<>();
    try {
      awaitRoom();
      transport.execute(
          () -> {
            if (closed) {
              sent.completeExceptionally(gone());
              return;
            }
            try {
              sending.run();
              sent.complete(null);
            } catch (IOException | RuntimeException e) {
              sent.completeExceptionally(e);
            }
          });
      sent.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while sending to the client");
    } catch (ExecutionException e) {
      throw Failures.unwrapped(e);
    } catch (RejectedExecutionException e) {
      throw new IOException("the daemon ends", e);
    }
  }

  private void awaitRoom() throws IOException, InterruptedException {
    lock.lockInterruptibly();
    try {
      while (full && !closed) {
        changed.await();
      }
    } finally {
      lock.unlock();
    }
    if (closed) {
      throw gone();
    }
  }

  static ClientGoneException gone() {
    return new ClientGoneException("the client is gone");
  }

  // --- receiving ---

  /** A new stream's inbox. */
  Inbox inbox() {
    return new Inbox(this::account);
  }

  /** From any thread: bytes that came in, or (negative) that were taken. */
  private void account(int bytes) {
    boolean changes = false;
    lock.lock();
    try {
      unread += bytes;
      if (stalled ? unread <= INBOX_LOW : unread > INBOX_HIGH) {
        stalled = !stalled;
        changes = true;
      }
    } finally {
      lock.unlock();
    }
    if (changes) {
      later(this::pauseOrResume);
    }
  }

  private void pauseOrResume() {
    boolean stop;
    lock.lock();
    try {
      stop = stalled || choked;
    } finally {
      lock.unlock();
    }
    if (closed) {
      return;
    }
    if (stop) {
      transport.pause();
    } else {
      transport.resume();
    }
  }

  // --- ending ---

  /** Runs {@code task} on the event loop, if there still is one; from any thread. */
  void later(Runnable task) {
    try {
      transport.execute(task);
    } catch (RejectedExecutionException e) {
      log.log(Level.DEBUG, "the daemon ends, and the connection with it");
    }
  }

  /** Ends a connection on account of its client, at once. */
  void fail(String why) {
    log.log(Level.DEBUG, "streaming connection ended: {0}", why);
    close();
  }

  /** Ends the connection at once; event loop only. */
  void close() {
    if (!closed) {
      transport.close();
      disconnected();
    }
  }

  /**
   * All has been said: lets the client close, and closes when it doesn't. Closing at once, with
   * input of the client unread, would make the kernel reset the connection and the client lose what
   * it hasn't read yet (RFC 1122, 4.2.2.13); what comes is discarded meanwhile.
   */
  void finish(@Nullable Object farewell) {
    if (closed || finishing) {
      return;
    }
    finishing = true;
    if (farewell != null) {
      sendNow(farewell);
    }
    transport.whenFlushed(
        () -> {
          Runnable cancel = transport.after(LINGER, this::close);
          onClose(cancel);
        });
  }
}
