package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.DEADLINE_EXCEEDED;
import static io.crema.sandbox.SandboxException.Code.FAILED_PRECONDITION;
import static io.crema.sandbox.SandboxException.Code.INTERNAL;
import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;

import io.crema.runtime.keeper.Exit;
import io.crema.runtime.keeper.Keeper;
import io.crema.runtime.keeper.KeeperException;
import io.crema.runtime.keeper.LaunchException;
import io.crema.runtime.linux.Descriptors;
import io.crema.runtime.linux.Errno;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.model.ExecResult;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** ExecSync: runs a command in a container and answers when its first process has ended. */
public final class ExecSync {
  private final Node node;
  private final Launches launches;
  private final OutputLoop outputs;

  ExecSync(Node node, Launches launches, OutputLoop outputs) {
    this.node = node;
    this.launches = launches;
    this.outputs = outputs;
  }

  public ExecResult run(String containerId, List<String> command, Duration timeout)
      throws SandboxException, InterruptedException {
    Container container = node.container(containerId);
    if (command.isEmpty()) {
      throw new SandboxException(INVALID_ARGUMENT, container.display() + ": exec: no command");
    }
    if (container.state() != ContainerState.RUNNING) {
      throw new SandboxException(
          FAILED_PRECONDITION, container.display() + " is " + container.state() + ", not RUNNING");
    }
    try {
      return run(container, command, timeout);
    } catch (LaunchException e) {
      throw new SandboxException(INTERNAL, container.display() + ": exec: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new SandboxException(INTERNAL, container.display() + ": exec: " + e.getMessage(), e);
    }
  }

  private ExecResult run(Container container, List<String> command, Duration timeout)
      throws IOException, SandboxException, InterruptedException {
    Pod pod = container.pod();
    Keeper keeper = pod.keeper();
    long launch = Ids.nextLaunch();
    CompletableFuture<Exit> ended = new CompletableFuture<>();
    pod.observe(launch, new ExitFuture(pod, ended));
    Descriptors descriptors = Descriptors.linux();
    try (Descriptors.Pipe out = descriptors.pipe("exec stdout", 0);
        Descriptors.Pipe err = descriptors.pipe("exec stderr", 0)) {
      OutputLoop.Output stdout = outputs.read(out.readEnd());
      try (stdout;
          OutputLoop.Output stderr = outputs.read(err.readEnd())) {
        CompletableFuture<?> launched =
            launches.exec(
                container,
                command,
                launch,
                new ExecStdio.Pipes(null, out.writeEnd(), err.writeEnd()));
        // An end of the pipe in this process would keep it open for ever.
        out.writeEnd().close();
        err.writeEnd().close();
        Waits.get(launched, container.display() + ": exec " + command.getFirst());
        Exit exit = await(container, keeper, launch, ended, command, timeout);
        return new ExecResult(stdout.finish(), stderr.finish(), exit.code());
      }
    } finally {
      pod.forget(launch);
    }
  }

  private static Exit await(
      Container container,
      Keeper keeper,
      long launch,
      CompletableFuture<Exit> ended,
      List<String> command,
      Duration timeout)
      throws SandboxException, IOException, InterruptedException {
    boolean done = false;
    try {
      Exit exit =
          timeout.isPositive() ? ended.get(timeout.toNanos(), TimeUnit.NANOSECONDS) : ended.get();
      done = true;
      return exit;
    } catch (TimeoutException e) {
      throw new SandboxException(
          DEADLINE_EXCEEDED,
          container.display()
              + ": exec "
              + command
              + ": killed after its timeout of "
              + timeout.toSeconds()
              + " s",
          e);
    } catch (ExecutionException e) {
      throw ExitFuture.unwrap(e);
    } finally {
      if (!done) { // timed out, or the client went away
        kill(keeper, launch);
      }
    }
  }

  private static void kill(Keeper keeper, long launch) {
    CompletableFuture<Void> _ =
        keeper
            .kill(launch, Signals.SIGKILL)
            .whenComplete(
                (_, e) -> {
                  Throwable cause = e == null ? null : e.getCause() == null ? e : e.getCause();
                  if (cause != null
                      && !(cause instanceof KeeperException k && k.errno() == Errno.ESRCH)) {
                    System.getLogger("io.crema.sandbox")
                        .log(System.Logger.Level.WARNING, "exec could not be killed", cause);
                  }
                });
  }
}
