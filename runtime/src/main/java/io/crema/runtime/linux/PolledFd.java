package io.crema.runtime.linux;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * A descriptor that one direction of a stream owns. Its lock is held during each system call, none
 * of which blocks, so that the number can't be closed and given away under a call.
 */
final class PolledFd implements AutoCloseable {
  private final Poller poller;
  private final Fd fd;
  private final int interest;
  private final long token;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean ready;
  private boolean closed;

  PolledFd(Poller poller, Fd fd, int interest, long token) {
    this.poller = poller;
    this.fd = fd;
    this.interest = interest;
    this.token = token;
  }

  /** A read or write that doesn't block. */
  @FunctionalInterface
  interface Call {
    /** What the system call answered; -1 for EAGAIN. */
    int run(Fd fd) throws ErrnoException;
  }

  Fd fd() {
    return fd;
  }

  int interest() {
    return interest;
  }

  long token() {
    return token;
  }

  /**
   * Repeats {@code call} until it answers other than -1, waiting in between; -1 once {@code giveUp}
   * holds.
   */
  int run(Call call, BooleanSupplier giveUp) throws IOException {
    lock();
    try {
      while (true) {
        if (closed) {
          throw new IOException(fd.what() + ": closed");
        }
        int n = call.run(fd);
        if (n != -1 || giveUp.getAsBoolean()) {
          return n;
        }
        ready = false;
        poller.arm(this);
        while (!ready && !closed) {
          changed.await();
        }
      }
    } catch (InterruptedException e) {
      throw interrupted();
    } finally {
      lock.unlock();
    }
  }

  /** Runs {@code action} while the descriptor can't be closed; nothing when it is closed. */
  void whileOpen(Action action) throws ErrnoException {
    lock.lock();
    try {
      if (!closed) {
        action.run(fd);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Something done with the descriptor. */
  @FunctionalInterface
  interface Action {
    void run(Fd fd) throws ErrnoException;
  }

  /** Wakes who waits, to look again. */
  void ready() {
    lock.lock();
    try {
      ready = true;
      changed.signalAll();
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

  private InterruptedIOException interrupted() {
    Thread.currentThread().interrupt();
    return new InterruptedIOException(fd.what() + ": interrupted");
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        poller.forget(this);
        fd.close();
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }
}
