package io.crema.cni.netlink;

import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Namespaces;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Platform threads that enter network namespaces and come back, one short trip after another: to
 * make a thread for each would cost more than the trip. They do nothing else, and one that can't
 * come back ends; the next caller starts a new one.
 *
 * <p>Two are enough: what they do holds the kernel's own lock over all network configuration (RTNL)
 * most of the time, so that more would only wait for each other, in no order.
 */
public final class NamespaceHopper {
  /** The process's only one. */
  public static final NamespaceHopper INSTANCE = new NamespaceHopper();

  /** The way out of the daemon's namespace. */
  @FunctionalInterface
  public interface Door {
    /** Goes into {@code netns} for the rest of the trip. */
    void enter(Fd netns) throws IOException;
  }

  /**
   * Work of less than a millisecond that begins in the daemon's namespace, may enter another, and
   * leaves nothing of it on its thread.
   */
  @FunctionalInterface
  public interface Trip<T> {
    T go(Door door) throws IOException;
  }

  /** Where a thread is. */
  private static final class Whereabouts implements Door {
    boolean away;

    @Override
    public void enter(Fd netns) throws IOException {
      Namespaces.linux().setns(netns, Namespaces.CLONE_NEWNET);
      away = true;
    }
  }

  private record Job(Consumer<Door> work, CompletableFuture<?> failure) {}

  private static final int MOST_THREADS = 2;

  private final BlockingQueue<Job> jobs = new LinkedBlockingQueue<>();
  private int threads; // guarded by this
  private int idle; // guarded by this: waiting, or about to

  private NamespaceHopper() {}

  /**
   * Sends the thread on a trip and waits for its return. An interrupted caller gets no result, but
   * a trip that has begun is over when this returns: {@code unwanted} then takes its result back.
   */
  public <T> T send(Trip<T> trip, Consumer<T> unwanted) throws IOException, InterruptedException {
    CompletableFuture<T> result = new CompletableFuture<>();
    AtomicBoolean taken = new AtomicBoolean();
    jobs.add(
        new Job(
            door -> {
              if (taken.compareAndSet(false, true)) {
                run(trip, door, result);
              }
            },
            result));
    ensureThread();
    try {
      return result.get();
    } catch (InterruptedException e) {
      if (!taken.compareAndSet(false, true)) {
        result.handle((brought, failure) -> takeBack(brought, unwanted)).join();
      }
      throw e;
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException io -> throw io;
        case RuntimeException r -> throw r;
        case null, default -> throw new IllegalStateException(e.getCause());
      }
    }
  }

  private static <T> boolean takeBack(@Nullable T brought, Consumer<T> unwanted) {
    if (brought != null) {
      unwanted.accept(brought);
    }
    return true;
  }

  private static <T> void run(Trip<T> trip, Door door, CompletableFuture<T> result) {
    try {
      result.complete(trip.go(door));
    } catch (IOException | RuntimeException e) {
      result.completeExceptionally(e);
    }
  }

  private synchronized void ensureThread() {
    if (jobs.size() > idle && threads < MOST_THREADS) {
      threads++;
      idle++;
      Thread.ofPlatform().name("crema-netns").daemon().stackSize(256 * 1024).start(this::serve);
    }
  }

  private synchronized void busy(boolean on) {
    idle += on ? -1 : 1;
  }

  /**
   * Forgets a thread that ends now. It can't start its successor, which would be born in the
   * namespace that it can't leave: the next caller does. If it was the last, nobody is left for
   * those who wait.
   */
  private synchronized void leave(boolean wasIdle) {
    threads--;
    if (wasIdle) {
      idle--;
    }
    if (threads > 0) {
      return;
    }
    for (Job job = jobs.poll(); job != null; job = jobs.poll()) {
      job.failure()
          .completeExceptionally(
              new IOException("the thread that enters pods' namespaces couldn't come back"));
    }
  }

  private void serve() {
    Namespaces namespaces = Namespaces.linux();
    Whereabouts where = new Whereabouts();
    boolean waiting = true;
    try (Fd home = namespaces.current("net")) {
      while (true) {
        Job job = jobs.take();
        busy(true);
        waiting = false;
        try {
          job.work().accept(where);
        } finally {
          if (where.away) {
            namespaces.setns(home, Namespaces.CLONE_NEWNET);
            where.away = false;
          }
        }
        busy(false);
        waiting = true;
      }
    } catch (IOException e) {
      throw new IllegalStateException("the thread that enters pods' namespaces can't go on", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      leave(waiting);
    }
  }
}
