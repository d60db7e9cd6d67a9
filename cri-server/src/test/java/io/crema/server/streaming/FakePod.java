package io.crema.server.streaming;

import io.crema.sandbox.PodConnection;
import io.crema.sandbox.PodStreams;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.StreamSession;
import io.crema.sandbox.model.StreamSet;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** A runtime whose processes and ports the test plays. */
final class FakePod implements PodStreams {
  private static final int PIPE = 64 * 1024;

  final BlockingQueue<Command> processes = new LinkedBlockingQueue<>();
  final BlockingQueue<Port> connections = new LinkedBlockingQueue<>();
  final ConcurrentHashMap<Integer, String> refusing = new ConcurrentHashMap<>();
  volatile @Nullable SandboxException failure;
  volatile boolean endsWithInput;

  /** What the test holds of a process. */
  static final class Command implements StreamSession {
    final String id;
    final List<String> command;
    final StreamSet wanted;
    final PipedInputStream input;
    final PipedOutputStream output = new PipedOutputStream();
    final PipedOutputStream error = new PipedOutputStream();
    final BlockingQueue<String> sizes = new LinkedBlockingQueue<>();
    final CompletableFuture<Integer> exit = new CompletableFuture<>();
    final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final PipedOutputStream stdin = new PipedOutputStream();
    private final InputStream stdout;
    private final InputStream stderr;
    private final boolean endsWithInput;

    Command(String id, List<String> command, StreamSet wanted, boolean endsWithInput) {
      this.id = id;
      this.command = command;
      this.wanted = wanted;
      this.endsWithInput = endsWithInput;
      try {
        input = new PipedInputStream(stdin, PIPE);
        stdout = new PipedInputStream(output, PIPE);
        stderr = new PipedInputStream(error, PIPE);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    void exit(int code) throws IOException {
      output.close();
      error.close();
      exit.complete(code);
    }

    @Override
    public Optional<OutputStream> stdin() {
      return wanted.stdin() ? Optional.of(stdin) : Optional.empty();
    }

    @Override
    public Optional<InputStream> stdout() {
      return wanted.stdout() ? Optional.of(stdout) : Optional.empty();
    }

    @Override
    public Optional<InputStream> stderr() {
      return wanted.stderr() ? Optional.of(stderr) : Optional.empty();
    }

    @Override
    public void resize(int columns, int rows) {
      sizes.add(columns + "x" + rows);
    }

    @Override
    public boolean endsWithInput() {
      return endsWithInput;
    }

    @Override
    public int awaitEnd() throws IOException, InterruptedException {
      try {
        return exit.get();
      } catch (ExecutionException e) {
        throw new IOException("the session was closed", e);
      }
    }

    @Override
    public void close() {
      exit.completeExceptionally(new IOException("closed"));
      closed.complete(null);
      try {
        stdin.close();
        stdout.close();
        stderr.close();
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }

  /** What the test holds of a connection to a port. */
  static final class Port implements PodConnection {
    final int port;
    final PipedInputStream input;
    final PipedOutputStream output = new PipedOutputStream();
    final CompletableFuture<Void> closed = new CompletableFuture<>();
    volatile @Nullable IOException broken;
    private final PipedOutputStream toPod = new PipedOutputStream();
    private final PipedInputStream fromPod;

    Port(int port) {
      this.port = port;
      try {
        input = new PipedInputStream(toPod, PIPE);
        fromPod = new PipedInputStream(output, PIPE);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public InputStream input() {
      return new java.io.FilterInputStream(fromPod) {
        @Override
        public int read(byte[] b, int off, int len) throws IOException {
          int n = super.read(b, off, len);
          IOException e = broken;
          if (n < 0 && e != null) {
            throw e;
          }
          return n;
        }
      };
    }

    @Override
    public OutputStream output() {
      return toPod;
    }

    @Override
    public void close() throws IOException {
      closed.complete(null);
      toPod.close();
      output.close();
    }
  }

  private void fail() throws SandboxException {
    SandboxException e = failure;
    if (e != null) {
      throw e;
    }
  }

  @Override
  public StreamSession exec(String containerId, List<String> command, StreamSet streams)
      throws SandboxException {
    fail();
    Command process = new Command(containerId, command, streams, false);
    processes.add(process);
    return process;
  }

  @Override
  public StreamSession attach(String containerId, StreamSet streams) throws SandboxException {
    fail();
    Command process = new Command(containerId, List.of(), streams, endsWithInput);
    processes.add(process);
    return process;
  }

  @Override
  public PodConnection connect(String podId, int port) throws SandboxException {
    fail();
    String refusal = refusing.get(port);
    if (refusal != null) {
      throw new SandboxException(SandboxException.Code.UNAVAILABLE, refusal);
    }
    Port connection = new Port(port);
    connections.add(connection);
    return connection;
  }
}
