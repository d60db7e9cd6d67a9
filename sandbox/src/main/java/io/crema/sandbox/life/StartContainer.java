package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.FAILED_PRECONDITION;
import static io.crema.sandbox.SandboxException.Code.INTERNAL;

import io.crema.runtime.keeper.LaunchException;
import io.crema.runtime.keeper.Launched;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerEvent;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.store.ContainerRecord;
import java.io.IOException;
import java.time.Instant;

/** StartContainer: execve has succeeded, or the container is EXITED and says why. */
public final class StartContainer {
  private static final int START_ERROR = 128; // as containerd reports it, and the kubelet expects

  private final Node node;
  private final Launches launches;
  private final ContainerExit exits;

  StartContainer(Node node, Launches launches, ContainerExit exits) {
    this.node = node;
    this.launches = launches;
    this.exits = exits;
  }

  public void start(String containerId) throws SandboxException, InterruptedException {
    Container container = node.container(containerId);
    Pod pod = container.pod();
    pod.lock().readLock().lock();
    container.lock().lock();
    try {
      if (container.state() != ContainerState.CREATED) {
        throw new SandboxException(
            FAILED_PRECONDITION,
            container.display() + " is " + container.state() + ", not CREATED");
      }
      ContainerRecord record = container.record();
      Launched launched =
          Waits.get(
              pod.keeper().go(record.launchId(), launches.planOf(container)),
              container.display() + ": start");
      Instant at = launched.startedAt() == null ? Instant.now() : launched.startedAt();
      ContainerRecord running = record.running(launched.pid(), Node.nanos(at));
      node.containerRecords().save(container.id(), running);
      container.record(running);
      node.events().send(ContainerEvent.Kind.STARTED, container);
    } catch (LaunchException e) {
      String why = String.valueOf(e.getMessage());
      exits.end(container, Node.now(), START_ERROR, "StartError", why);
      node.executor().execute(() -> exits.clear(container));
      throw new SandboxException(INTERNAL, container.display() + ": " + why, e);
    } catch (IOException e) {
      throw new SandboxException(INTERNAL, container.display() + ": " + e.getMessage(), e);
    } finally {
      container.lock().unlock();
      pod.lock().readLock().unlock();
    }
  }
}
