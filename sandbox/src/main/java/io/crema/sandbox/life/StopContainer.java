package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.DEADLINE_EXCEEDED;
import static io.crema.sandbox.SandboxException.Code.INTERNAL;

import io.crema.runtime.keeper.Keeper;
import io.crema.runtime.keeper.KeeperException;
import io.crema.runtime.linux.Errno;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerState;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * StopContainer: the stop signal, the grace period, then SIGKILL; the process is gone on return.
 */
public final class StopContainer {
  private static final Duration AFTER_KILL = Duration.ofMinutes(2);

  private final Node node;

  StopContainer(Node node) {
    this.node = node;
  }

  public void stop(String containerId, Duration grace)
      throws SandboxException, InterruptedException {
    var container = node.containers().find(containerId);
    if (container.isPresent()) {
      stop(container.get(), grace);
    }
  }

  public void stop(Container container, Duration grace)
      throws SandboxException, InterruptedException {
    if (container.state() != ContainerState.RUNNING) {
      return; // nothing runs: one that is only created ends when it is removed
    }
    if (grace.isPositive()) {
      int signal = Signals.parse(container.record().stopSignal()).orElse(Signals.SIGTERM);
      signal(container, signal);
      if (ends(container, grace)) {
        return;
      }
    }
    kill(container);
  }

  /** SIGKILL, and waits for the end. */
  void kill(Container container) throws SandboxException, InterruptedException {
    if (container.state() == ContainerState.EXITED) {
      return;
    }
    signal(container, Signals.SIGKILL);
    if (!ends(container, AFTER_KILL)) {
      throw new SandboxException(
          DEADLINE_EXCEEDED,
          container.display()
              + ": process "
              + container.record().pid()
              + " is still there "
              + AFTER_KILL.toSeconds()
              + " s after SIGKILL; it is most likely in an uninterruptible wait of the kernel");
    }
  }

  private static void signal(Container container, int signal)
      throws SandboxException, InterruptedException {
    try {
      Keeper keeper = container.pod().keeper();
      Waits.get(
          keeper.kill(container.record().launchId(), signal),
          container.display() + ": signal " + signal);
    } catch (KeeperException e) {
      // ESRCH: it has ended, and its exit is on the way
      if (e.errno() != Errno.ESRCH) {
        throw new SandboxException(
            INTERNAL, container.display() + ": signal " + signal + ": " + e.getMessage(), e);
      }
    } catch (IOException e) {
      throw new SandboxException(
          INTERNAL, container.display() + ": signal " + signal + ": " + e.getMessage(), e);
    }
  }

  private static boolean ends(Container container, Duration patience) throws InterruptedException {
    try {
      container.ended().get(patience.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException("an end never fails", e);
    }
  }
}
