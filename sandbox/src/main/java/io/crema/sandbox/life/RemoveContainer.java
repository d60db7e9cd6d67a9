package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.INTERNAL;

import io.crema.runtime.keeper.KeeperException;
import io.crema.runtime.keeper.LaunchException;
import io.crema.runtime.linux.Errno;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerEvent;
import io.crema.sandbox.model.ContainerState;
import java.io.IOException;

/** RemoveContainer: its process, cgroup, writable layer and record are gone. */
public final class RemoveContainer {
  private final Node node;
  private final StopContainer stops;
  private final ContainerExit exits;
  private final ImageVolumes volumes;

  RemoveContainer(Node node, StopContainer stops, ContainerExit exits, ImageVolumes volumes) {
    this.node = node;
    this.stops = stops;
    this.exits = exits;
    this.volumes = volumes;
  }

  public void remove(String containerId) throws SandboxException, InterruptedException {
    var container = node.containers().find(containerId);
    if (container.isPresent()) {
      remove(container.get());
    }
  }

  public void remove(Container container) throws SandboxException, InterruptedException {
    end(container);
    container.lock().lock();
    try {
      if (node.containers().find(container.id()).isEmpty()) {
        return; // another request was faster
      }
      exits.clearOrFail(container);
      node.images().removeWritableLayer(container.id());
      volumes.release(container.id(), container.record().effective());
      node.containerRecords().delete(container.id());
      node.containers().remove(container.id());
      container.pod().remove(container);
      node.events().send(ContainerEvent.Kind.DELETED, container);
    } catch (IOException e) {
      throw new SandboxException(INTERNAL, container.display() + ": remove: " + e.getMessage(), e);
    } finally {
      container.lock().unlock();
    }
  }

  /** Ends it, whatever it does; returns when its process is gone. */
  void end(Container container) throws SandboxException, InterruptedException {
    if (container.state() == ContainerState.CREATED) {
      container.lock().lock();
      try {
        if (container.state() == ContainerState.CREATED) {
          discard(container);
          exits.end(container, Node.now(), 0, "Completed", "removed before it was started");
        }
      } finally {
        container.lock().unlock();
      }
      exits.clear(container);
    }
    stops.kill(container);
  }

  /** Kills the process that waits for its start, and waits for its end. */
  static void discard(Container container) throws SandboxException, InterruptedException {
    var keeper = container.pod().keeperIfAlive();
    if (keeper.isEmpty()) {
      return;
    }
    long launch = container.record().launchId();
    try {
      Waits.get(keeper.get().kill(launch, Signals.SIGKILL), container.display() + ": discard");
    } catch (KeeperException e) {
      if (e.errno() != Errno.ESRCH) { // ESRCH: its launch had failed before
        throw new SandboxException(
            INTERNAL, container.display() + ": discard: " + e.getMessage(), e);
      }
    } catch (IOException e) {
      throw new SandboxException(INTERNAL, container.display() + ": discard: " + e.getMessage(), e);
    }
    try {
      // A killed process can't go on; the keeper answers when it has reaped it.
      Waits.get(keeper.get().go(launch), container.display() + ": discard");
    } catch (LaunchException e) {
      return;
    } catch (IOException e) {
      throw new SandboxException(INTERNAL, container.display() + ": discard: " + e.getMessage(), e);
    }
    throw new SandboxException(INTERNAL, container.display() + ": started though it was killed");
  }
}
