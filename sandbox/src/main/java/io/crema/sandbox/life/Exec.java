package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.INTERNAL;
import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;

import io.crema.runtime.keeper.Exit;
import io.crema.runtime.keeper.LaunchException;
import io.crema.runtime.keeper.Launched;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Poller;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.StreamSession;
import io.crema.sandbox.model.StreamSet;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Exec: starts a command in a container for a client that serves its streams. */
public final class Exec {
  private final Node node;
  private final Launches launches;
  private final StreamLoop loop;

  Exec(Node node, Launches launches, StreamLoop loop) {
    this.node = node;
    this.launches = launches;
    this.loop = loop;
  }

  /** Returns once {@code command}'s execve has succeeded. */
  public StreamSession start(String containerId, List<String> command, StreamSet wanted)
      throws SandboxException, InterruptedException {
    Container container = node.running(containerId);
    if (command.isEmpty()) {
      throw new SandboxException(INVALID_ARGUMENT, container.display() + ": exec: no command");
    }
    Pod pod = container.pod();
    long launch = Ids.nextLaunch();
    CompletableFuture<Exit> ended = new CompletableFuture<>();
    boolean started = false;
    pod.observe(launch, new ExitFuture(pod, ended));
    try {
      Streams streams =
          wanted.tty()
              ? onTerminal(container, command, launch, wanted)
              : onPipes(container, command, launch, wanted);
      started = true;
      return new ExecSession(pod, launch, wanted.tty(), streams, ended);
    } catch (LaunchException e) {
      throw new SandboxException(INTERNAL, container.display() + ": exec: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new SandboxException(INTERNAL, container.display() + ": exec: " + e.getMessage(), e);
    } finally {
      if (!started) {
        pod.forget(launch);
      }
    }
  }

  private Streams onPipes(Container container, List<String> command, long launch, StreamSet wanted)
      throws IOException, SandboxException, InterruptedException {
    try (Rollback undo = new Rollback()) {
      Streams streams =
          Streams.pipes(loop.poller(), wanted.stdin(), wanted.stdout(), wanted.stderr());
      undo.add(streams::close);
      Streams.Theirs theirs = streams.theirs();
      CompletableFuture<Launched> launched =
          launches.exec(
              container,
              command,
              launch,
              new ExecStdio.Pipes(theirs.stdin(), theirs.stdout(), theirs.stderr()));
      theirs.close(); // an end in this process would keep the pipe open for ever
      Waits.get(launched, container.display() + ": exec " + command.getFirst());
      undo.keep();
      return streams;
    }
  }

  private Streams onTerminal(
      Container container, List<String> command, long launch, StreamSet wanted)
      throws IOException, SandboxException, InterruptedException {
    Poller poller = loop.poller();
    CompletableFuture<Launched> launched =
        launches.exec(container, command, launch, new ExecStdio.Terminal());
    Launched process;
    try {
      process = Waits.get(launched, container.display() + ": exec " + command.getFirst());
    } catch (SandboxException | InterruptedException e) {
      // Nobody waits for it any more: the terminal that may still come is hung up.
      CompletableFuture<Void> _ = launched.thenAccept(Exec::hangUp);
      throw e;
    }
    Fd master = process.terminal();
    if (master == null) {
      throw new SandboxException(
          INTERNAL, container.display() + ": exec: the keeper gave no terminal");
    }
    return Streams.terminal(poller, master, wanted.stdin());
  }

  private static void hangUp(Launched late) {
    Fd master = late.terminal();
    if (master != null) {
      master.close();
    }
  }
}
