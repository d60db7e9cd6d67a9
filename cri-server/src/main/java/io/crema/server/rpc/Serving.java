package io.crema.server.rpc;

import io.crema.sandbox.SandboxException;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.StreamObserver;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/** Serves one call: interrupts its thread when the client gives up, and maps errors to codes. */
final class Serving {
  private static final System.Logger log = System.getLogger("io.crema.server.rpc");

  private Serving() {}

  /** What a call does; it blocks until the answer is there. */
  interface Handler<A> {
    A handle() throws SandboxException, StatusException, InterruptedException;
  }

  /** A call that sends its answer in pieces. */
  interface Streaming<A> {
    void handle(StreamObserver<A> out)
        throws SandboxException, StatusException, InterruptedException;
  }

  /** Answers {@code out} with what {@code handler} returns, or with its error. */
  static <A> void unary(String rpc, StreamObserver<A> out, Handler<A> handler) {
    stream(rpc, out, o -> o.onNext(handler.handle()));
  }

  /** Lets {@code handler} answer in pieces, then ends the stream. */
  static <A> void stream(String rpc, StreamObserver<A> out, Streaming<A> handler) {
    StatusException failure = null;
    try (Interruption interruption = new Interruption(Context.current())) {
      try {
        handler.handle(out);
      } catch (SandboxException e) {
        failure = status(e).withCause(e).asException();
      } catch (StatusException e) {
        failure = e;
      } catch (InterruptedException e) {
        failure = interruption.status(rpc).withCause(e).asException();
      } catch (RuntimeException | Error e) {
        log.log(Level.ERROR, rpc + " failed unexpectedly", e);
        failure =
            Status.INTERNAL.withDescription(rpc + ": " + describe(e)).withCause(e).asException();
      }
    }
    if (failure == null) {
      out.onCompleted();
    } else {
      out.onError(failure);
    }
  }

  /** The gRPC status of the same name. */
  static Status status(SandboxException e) {
    Status status =
        switch (e.code()) {
          case NOT_FOUND -> Status.NOT_FOUND;
          case ALREADY_EXISTS -> Status.ALREADY_EXISTS;
          case INVALID_ARGUMENT -> Status.INVALID_ARGUMENT;
          case FAILED_PRECONDITION -> Status.FAILED_PRECONDITION;
          case RESOURCE_EXHAUSTED -> Status.RESOURCE_EXHAUSTED;
          case UNAVAILABLE -> Status.UNAVAILABLE;
          case DEADLINE_EXCEEDED -> Status.DEADLINE_EXCEEDED;
          case CANCELLED -> Status.CANCELLED;
          case UNIMPLEMENTED -> Status.UNIMPLEMENTED;
          case INTERNAL -> {
            log.log(Level.WARNING, "internal error", e);
            yield Status.INTERNAL;
          }
        };
    return status.withDescription(describe(e));
  }

  private static String describe(Throwable e) {
    @Nullable String message = e.getMessage();
    return message == null || message.isEmpty() ? e.getClass().getSimpleName() : message;
  }

  /**
   * Interrupts the thread that made it while it is open and the call's context is cancelled.
   * Closing it also takes an interrupt back that came too late to be seen, as gRPC may run another
   * task on the thread.
   */
  private static final class Interruption implements AutoCloseable, Context.CancellationListener {
    private final Thread thread = Thread.currentThread();
    private final Context context;
    private boolean open = true;

    @SuppressWarnings("this-escape")
    Interruption(Context context) {
      this.context = context;
      context.addListener(this, Runnable::run);
    }

    @Override
    public synchronized void cancelled(Context ended) {
      if (open) {
        thread.interrupt();
      }
    }

    Status status(String rpc) {
      var deadline = context.getDeadline();
      return deadline != null && deadline.isExpired()
          ? Status.DEADLINE_EXCEEDED.withDescription(rpc + ": the caller's deadline has passed")
          : Status.CANCELLED.withDescription(rpc + ": cancelled by the caller");
    }

    @Override
    public void close() {
      context.removeListener(this);
      synchronized (this) {
        open = false;
        Thread.interrupted();
      }
    }
  }
}
