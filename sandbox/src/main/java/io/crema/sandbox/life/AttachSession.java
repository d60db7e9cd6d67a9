package io.crema.sandbox.life;

import io.crema.sandbox.SandboxException;
import io.crema.sandbox.StreamSession;
import io.crema.sandbox.model.ContainerConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** A client attached to a container: pipes that its keeper copies to and from. */
final class AttachSession implements StreamSession {
  private final Container container;
  private final Streams streams;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  AttachSession(Container container, Streams streams) {
    this.container = container;
    this.streams = streams;
  }

  @Override
  public Optional<OutputStream> stdin() {
    return streams.in();
  }

  @Override
  public Optional<InputStream> stdout() {
    return streams.out();
  }

  @Override
  public Optional<InputStream> stderr() {
    return streams.err();
  }

  @Override
  public void resize(int columns, int rows) throws IOException {
    if (!container.record().config().tty() || columns <= 0 || rows <= 0) {
      return;
    }
    try {
      Waits.get(
          container.pod().keeper().resize(container.record().launchId(), columns, rows),
          container.display() + ": resize");
    } catch (SandboxException e) {
      throw new IOException(e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new java.io.InterruptedIOException(container.display() + ": resize: interrupted");
    }
  }

  /** As containerd has it (internal/cri/io/container_io.go, Attach). */
  @Override
  public boolean endsWithInput() {
    ContainerConfig config = container.record().config();
    return config.stdin() && !(config.stdinOnce() && !config.tty());
  }

  /**
   * The output streams end by themselves, once the client has read what the keeper still has for
   * it.
   */
  @Override
  public int awaitEnd() throws IOException, InterruptedException {
    try {
      CompletableFuture.anyOf(container.ended(), closed).get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("neither fails", e);
    }
    if (closed.isDone()) {
      throw new IOException("the session was closed");
    }
    return 0;
  }

  @Override
  public void close() {
    closed.complete(null);
    streams.close();
  }
}
