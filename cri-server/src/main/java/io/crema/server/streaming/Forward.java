package io.crema.server.streaming;

import io.crema.sandbox.PodConnection;
import io.crema.sandbox.PodStreams;
import io.crema.sandbox.SandboxException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * One forwarded connection: joins a client's data stream with a port in the pod. Whatever happens
 * to it is told on its error stream and concerns no other.
 *
 * @param halfClose whether the client can end its direction only; if not, the pod's end is the end
 */
record Forward(
    PodStreams runtime,
    String podId,
    int port,
    ClientStream data,
    ClientStream error,
    boolean halfClose,
    Link link) {
  private static final System.Logger log = System.getLogger("io.crema.server.streaming");

  /** Serves on a new thread, and then runs {@code finished}. */
  void start(Runnable finished) {
    Thread.ofVirtual()
        .name("portforward-" + port)
        .start(
            () -> {
              try {
                run();
              } finally {
                finished.run();
              }
            });
  }

  private void run() {
    try (PodConnection pod = runtime.connect(podId, port)) {
      Runnable cancel = link.onClose(() -> close(pod));
      try {
        copy(pod);
      } catch (IOException e) {
        // Only this connection, without a word on the error stream: on any, kubectl ends the whole
        // session (client-go, portforward.go; kubernetes#74551).
        log.log(Level.DEBUG, "port-forward to {0}: {1}", port, e.getMessage());
        data.reset();
      } finally {
        cancel.run();
      }
      error.out().close();
    } catch (SandboxException e) {
      fail(Failures.message(e));
    } catch (IOException e) {
      log.log(Level.DEBUG, "port-forward to {0}: {1}", port, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      log.log(Level.ERROR, "port-forward failed unexpectedly", e);
      fail(e.toString());
    }
  }

  private void copy(PodConnection pod) throws IOException, InterruptedException {
    CompletableFuture<Void> up = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("portforward-" + port + "-up")
        .start(
            () -> {
              try (OutputStream out = pod.output()) { // its close is the pod's end of input
                data.in().transferTo(out);
                up.complete(null);
              } catch (IOException e) {
                close(pod); // a reset by either side is the end of both directions
                up.completeExceptionally(e);
              }
            });
    try (InputStream in = pod.input();
        OutputStream out = data.out()) {
      in.transferTo(out);
    } finally {
      if (!halfClose) {
        data.in().close();
      }
    }
    try {
      up.get();
    } catch (ExecutionException e) {
      IOException cause = Failures.unwrapped(e);
      if (!(cause instanceof ClientGoneException) && halfClose) {
        throw cause;
      }
      // After the pod's end, a client takes leave by a reset (client-go), or cannot tell its own.
    }
  }

  private void close(PodConnection pod) {
    try {
      pod.close();
    } catch (IOException e) {
      log.log(Level.DEBUG, "port-forward to {0}: {1}", port, e.getMessage());
    }
  }

  private void fail(String why) {
    String message = "error forwarding port %d to pod %s: %s".formatted(port, podId, why);
    log.log(Level.DEBUG, message);
    try {
      error.out().write(message.getBytes(StandardCharsets.UTF_8));
      data.reset();
      error.reset();
    } catch (IOException e) {
      log.log(Level.DEBUG, "port-forward to {0}: {1}", port, e.getMessage());
    }
  }
}
