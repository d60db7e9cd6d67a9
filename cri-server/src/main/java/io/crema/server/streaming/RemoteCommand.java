package io.crema.server.streaming;

import io.crema.sandbox.PodStreams;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.StreamSession;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** An exec or attach: joins the process's streams with the client's; on virtual threads. */
final class RemoteCommand {
  private static final System.Logger log = System.getLogger("io.crema.server.streaming");

  private final PodStreams runtime;
  private final StreamRequest request;
  private final Streams client;
  private final boolean json;
  private final Link link;

  /** The client's streams; those that are null it has not opened. */
  record Streams(
      ClientStream error,
      @Nullable ClientStream stdin,
      @Nullable ClientStream stdout,
      @Nullable ClientStream stderr,
      @Nullable ClientStream resize) {}

  RemoteCommand(
      PodStreams runtime, StreamRequest request, Streams client, boolean json, Link link) {
    this.runtime = runtime;
    this.request = request;
    this.client = client;
    this.json = json;
    this.link = link;
  }

  /** Serves on a new thread; afterwards all has been said, and {@code finished} runs. */
  void start(Runnable finished) {
    Thread.ofVirtual()
        .name(request.path())
        .start(
            () -> {
              try {
                tell(outcome());
              } catch (IOException e) {
                log.log(Level.DEBUG, "{0}: {1}", request.path(), e.getMessage());
              } finally {
                finished.run();
              }
            });
  }

  private Outcome outcome() {
    try (StreamSession session = open()) {
      Runnable cancel = link.onClose(session::close);
      try {
        return serve(session);
      } finally {
        cancel.run();
      }
    } catch (SandboxException | IOException e) {
      return failed(Failures.message(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return failed("interrupted");
    } catch (RuntimeException e) {
      log.log(Level.ERROR, request.path() + " failed unexpectedly", e);
      return failed(e.toString());
    }
  }

  private Outcome.Failed failed(String why) {
    return new Outcome.Failed(
        (request instanceof StreamRequest.Attach
                ? "error attaching to container: "
                : "error executing command in container: ")
            + why);
  }

  private StreamSession open() throws SandboxException, InterruptedException {
    return switch (request) {
      case StreamRequest.Exec exec ->
          runtime.exec(exec.containerId(), exec.command(), exec.streams());
      case StreamRequest.Attach attach -> runtime.attach(attach.containerId(), attach.streams());
      case StreamRequest.PortForward _ -> throw new IllegalStateException("not a command");
    };
  }

  private Outcome serve(StreamSession session) throws IOException, InterruptedException {
    CountDownLatch over = new CountDownLatch(1); // an attached client has seen all
    List<Thread> outputs = new ArrayList<>();
    output(session.stdout(), client.stdout()).ifPresent(outputs::add);
    output(session.stderr(), client.stderr()).ifPresent(outputs::add);
    input(session, session.endsWithInput() ? over::countDown : () -> {});
    sizes(session);
    if (request instanceof StreamRequest.Exec exec) {
      int code = session.awaitEnd();
      join(outputs);
      return code == 0 ? new Outcome.Success() : new Outcome.Exited(exec.command(), code);
    }
    thread(
        "end",
        () -> {
          if (outputs.isEmpty()) {
            session.awaitEnd();
          }
          join(outputs);
          over.countDown();
        });
    over.await();
    return new Outcome.Success();
  }

  private static void join(List<Thread> threads) throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
  }

  /** From the process to the client; what the client doesn't want or take is read all the same. */
  private Optional<Thread> output(Optional<InputStream> process, @Nullable ClientStream stream) {
    return process.map(
        in ->
            thread(
                "output",
                () -> {
                  try (in;
                      OutputStream out =
                          stream == null ? OutputStream.nullOutputStream() : stream.out()) {
                    in.transferTo(out);
                  }
                }));
  }

  private void input(StreamSession session, Runnable ended) {
    ClientStream stream = client.stdin();
    if (stream == null) {
      return;
    }
    Optional<OutputStream> process = session.stdin();
    if (process.isEmpty()) {
      discard(stream);
      return;
    }
    thread(
        "input",
        () -> {
          try (InputStream in = stream.in(); // discards the rest when the process takes no more
              OutputStream out = process.get()) {
            in.transferTo(out);
          } finally {
            ended.run();
          }
        });
  }

  private static void discard(ClientStream stream) {
    try {
      stream.in().close();
    } catch (IOException e) {
      throw new IllegalStateException("an inbox only closes", e);
    }
  }

  private void sizes(StreamSession session) {
    ClientStream stream = client.resize();
    if (stream == null) {
      return;
    }
    thread(
        "resize",
        () -> {
          try (InputStream in = stream.in()) {
            TerminalSizes sizes = new TerminalSizes(in);
            for (var size = sizes.next(); size.isPresent(); size = sizes.next()) {
              session.resize(size.get().columns(), size.get().rows());
            }
          }
        });
  }

  /** Work that ends with the client or the process: how is nobody's concern. */
  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  private Thread thread(String what, Work work) {
    return Thread.ofVirtual()
        .name(request.path() + "-" + what)
        .start(
            () -> {
              try {
                work.run();
              } catch (IOException | InterruptedException e) {
                log.log(Level.DEBUG, "{0} {1}: {2}", request.path(), what, e.getMessage());
              }
            });
  }

  /** The output's ends, then how it went. */
  private void tell(Outcome outcome) throws IOException {
    for (ClientStream output : new @Nullable ClientStream[] {client.stdout(), client.stderr()}) {
      if (output != null) {
        end(output);
      }
    }
    try (OutputStream error = client.error().out()) {
      error.write(json ? outcome.json() : outcome.text().getBytes(StandardCharsets.UTF_8));
    }
  }

  private void end(ClientStream output) {
    try {
      output.out().close();
    } catch (IOException e) { // the client has reset this one; the others may be open
      log.log(Level.DEBUG, "{0}: end of output: {1}", request.path(), e.getMessage());
    }
  }
}
