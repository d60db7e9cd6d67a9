package io.crema.server.rpc;

import io.crema.sandbox.PodRuntime;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.EventSubscription;
import io.crema.server.cri.ContainerEventResponse;
import io.crema.server.translate.EventTranslation;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/**
 * GetContainerEvents: one virtual thread a subscriber, which sends no faster than the client reads,
 * so that what a slow one is behind piles up in its bounded subscription and nowhere else.
 */
final class ContainerEvents implements AutoCloseable {
  private final PodRuntime runtime;
  private final Set<Stream> streams = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  ContainerEvents(PodRuntime runtime) {
    this.runtime = runtime;
  }

  /** Subscribes {@code out}, and returns: its callbacks must be free to run. */
  void subscribe(ServerCallStreamObserver<ContainerEventResponse> out) {
    Stream stream = new Stream(out, runtime.events());
    out.setOnReadyHandler(stream::wake);
    out.setOnCancelHandler(stream::close);
    streams.add(stream);
    if (closed) {
      stream.close();
    }
    Thread.ofVirtual().name("container-events").start(stream::run);
  }

  /** Ends all streams: the daemon is stopping. */
  @Override
  public void close() {
    closed = true;
    streams.forEach(Stream::close);
  }

  /** One subscriber. */
  private final class Stream {
    private final ServerCallStreamObserver<ContainerEventResponse> out;
    private final EventSubscription subscription;
    private final Semaphore changed = new Semaphore(0);
    private volatile boolean over;

    private Stream(
        ServerCallStreamObserver<ContainerEventResponse> out, EventSubscription subscription) {
      this.out = out;
      this.subscription = subscription;
    }

    private void wake() {
      changed.release();
    }

    private void close() {
      over = true;
      subscription.close();
      wake();
    }

    private void run() {
      try (subscription) {
        while (true) {
          var event = subscription.take();
          while (!out.isReady() && !over) {
            changed.acquire();
            changed.drainPermits();
          }
          if (out.isCancelled()) {
            return;
          }
          out.onNext(EventTranslation.toProto(event));
        }
      } catch (SandboxException e) {
        if (!out.isCancelled()) {
          Status status =
              over
                  ? Status.UNAVAILABLE.withDescription("GetContainerEvents: the daemon is stopping")
                  : Serving.status(e);
          out.onError(status.asException());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        out.onError(Status.UNAVAILABLE.withCause(e).asException());
      } finally {
        streams.remove(this);
      }
    }
  }
}
