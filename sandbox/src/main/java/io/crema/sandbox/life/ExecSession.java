package io.crema.sandbox.life;

import io.crema.runtime.keeper.Exit;
import io.crema.runtime.linux.PolledInput;
import io.crema.sandbox.StreamSession;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** An exec'd command and our ends of its streams. */
final class ExecSession implements StreamSession {
  private final Pod pod;
  private final long launch;
  private final boolean terminal;
  private final Streams streams;
  private final CompletableFuture<Exit> ended;

  ExecSession(
      Pod pod, long launch, boolean terminal, Streams streams, CompletableFuture<Exit> ended) {
    this.pod = pod;
    this.launch = launch;
    this.terminal = terminal;
    this.streams = streams;
    this.ended = ended;
  }

  @Override
  public Optional<OutputStream> stdin() {
    return streams.in().map(in -> terminal ? new Unending(in) : in);
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
    PolledInput master = streams.stdout();
    if (terminal && master != null && columns > 0 && rows > 0) {
      master.resize(columns, rows);
    }
  }

  @Override
  public boolean endsWithInput() {
    return false;
  }

  @Override
  public int awaitEnd() throws IOException, InterruptedException {
    try {
      Exit exit = ended.get();
      streams.endAfterWhatIsThere(terminal);
      return exit.code();
    } catch (ExecutionException e) {
      throw ExitFuture.unwrap(e);
    }
  }

  @Override
  public void close() {
    pod.forget(launch);
    ended.completeExceptionally(new IOException("the session was closed"));
    streams.close();
  }
}
