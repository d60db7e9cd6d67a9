package io.crema.runtime.cgroup;

import io.crema.runtime.linux.Epoll;
import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import io.crema.runtime.linux.Processes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Ends processes, and waits for what the kernel does in its own time. */
final class Ending {
  private static final int ROUNDS = 1000;
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(10);

  private Ending() {}

  /** Lists processes. */
  @FunctionalInterface
  interface Listing {
    List<Integer> processes() throws IOException;
  }

  /** Asks whether something has come about. */
  @FunctionalInterface
  interface Question {
    boolean isTrue() throws IOException;
  }

  /**
   * Kills what {@code listing} lists until it lists nothing new. A process is killed by a
   * descriptor that was taken while it was listed, so that a reused number harms nobody.
   */
  static void killAll(Listing listing) throws IOException {
    Set<Integer> killed = new HashSet<>();
    for (int round = 0; round < ROUNDS; round++) {
      List<Integer> alive = listing.processes();
      alive.removeAll(killed);
      if (alive.isEmpty()) {
        return;
      }
      for (int pid : alive) {
        try (Fd process = Processes.linux().pidfd(pid)) {
          if (listing.processes().contains(pid)) {
            Processes.linux().signal(process, Processes.SIGKILL);
          }
          killed.add(pid);
        } catch (ErrnoException e) {
          if (!e.is(Errno.ESRCH)) {
            throw e;
          }
        }
      }
    }
    throw new IOException("new processes appear faster than they can be killed");
  }

  /** Waits until {@code question} is true, for what the kernel gives no notice of. */
  static void await(String what, Question question) throws IOException {
    long deadline = System.nanoTime() + PATIENCE;
    try (Epoll nothing = Epoll.open()) {
      while (!question.isTrue()) {
        if (System.nanoTime() > deadline) {
          throw new IOException("gave up waiting for " + what);
        }
        nothing.await(1, 1);
      }
    }
  }

  /**
   * Waits until one of {@code pids} ends or the file {@code events} (cgroup.events, if there is
   * one) changes, a millisecond when there is neither, or the deadline.
   */
  static void awaitChange(List<Integer> pids, @Nullable Path events, long deadline)
      throws IOException {
    long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
    List<Fd> opened = new ArrayList<>();
    try (Epoll epoll = Epoll.open()) {
      if (events != null) {
        Fd file = Paths.linux().open(events.toString(), Paths.O_RDONLY, 0);
        opened.add(file);
        epoll.add(file, Epoll.PRI, 0);
      }
      for (int pid : pids) {
        try {
          Fd process = Processes.linux().pidfd(pid);
          opened.add(process);
          epoll.add(process, Epoll.IN, pid);
        } catch (ErrnoException e) {
          if (e.is(Errno.ESRCH)) {
            return;
          }
          throw e;
        }
      }
      // events may have come before they were asked for: cgroup.events isn't relied upon alone
      boolean silent = pids.isEmpty();
      epoll.await(1, (int) Math.max(1, Math.min(left, silent ? events == null ? 1 : 10 : left)));
    } finally {
      opened.forEach(Fd::close);
    }
  }
}
