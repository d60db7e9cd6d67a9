package io.crema.sandbox.life;

import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerEvent;
import io.crema.sandbox.model.EventSubscription;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Tells subscribers what happens to pods and containers; without one it costs a look at an empty
 * list.
 *
 * <p>A subscriber that doesn't keep up loses its subscription, not single events: the kubelet then
 * lists everything anew, as it does after any broken stream, and is never wrong about a container
 * because one event was dropped.
 */
public final class Events implements AutoCloseable {
  /** How many events a subscriber may be behind: the churn of a full node, at about 2 KiB each. */
  static final int LIMIT = 1024;

  private final List<Queued> subscribers = new CopyOnWriteArrayList<>();
  private final int limit;

  Events() {
    this(LIMIT);
  }

  Events(int limit) {
    this.limit = limit;
  }

  /** Events from now on; the caller closes it. */
  public EventSubscription subscribe() {
    Queued subscription = new Queued();
    subscribers.add(subscription);
    return subscription;
  }

  /** Something happened to {@code container}. */
  void send(ContainerEvent.Kind kind, Container container) {
    send(kind, container.pod(), container.id(), true);
  }

  /** Something happened to {@code pod} itself. */
  void send(ContainerEvent.Kind kind, Pod pod) {
    send(kind, pod, pod.id(), kind != ContainerEvent.Kind.DELETED);
  }

  private void send(ContainerEvent.Kind kind, Pod pod, String id, boolean podExists) {
    if (subscribers.isEmpty()) {
      return;
    }
    publish(
        new ContainerEvent(
            kind, id, Node.now(), podExists ? Statuses.of(pod) : null, Statuses.containers(pod)));
  }

  void publish(ContainerEvent event) {
    for (Queued subscriber : subscribers) {
      subscriber.offer(event);
    }
  }

  /** Ends all subscriptions. */
  @Override
  public void close() {
    subscribers.forEach(Queued::close);
  }

  /** One subscriber's queue. */
  private final class Queued implements EventSubscription {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Queue<ContainerEvent> queue = new ArrayDeque<>();
    private boolean closed;
    private boolean overrun;

    private void offer(ContainerEvent event) {
      lock.lock();
      try {
        if (closed || overrun) {
          return;
        }
        if (queue.size() >= limit) {
          overrun = true;
          queue.clear();
          subscribers.remove(this);
        } else {
          queue.add(event);
        }
        changed.signal();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public ContainerEvent take() throws SandboxException, InterruptedException {
      lock.lockInterruptibly();
      try {
        while (true) {
          if (overrun) {
            throw new SandboxException(
                SandboxException.Code.RESOURCE_EXHAUSTED,
                "events were lost: this subscriber is more than "
                    + limit
                    + " events behind; list and subscribe again");
          }
          if (closed) {
            throw new SandboxException(
                SandboxException.Code.CANCELLED, "the subscription has ended");
          }
          ContainerEvent event = queue.poll();
          if (event != null) {
            return event;
          }
          changed.await();
        }
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      subscribers.remove(this);
      lock.lock();
      try {
        closed = true;
        queue.clear();
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
