package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.FAILED_PRECONDITION;
import static io.crema.sandbox.SandboxException.Code.INTERNAL;
import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;

import io.crema.runtime.cgroup.CgroupPath;
import io.crema.runtime.linux.Fd;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerResources;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.store.ContainerRecord;
import java.io.IOException;

/** What changes of a container that exists: its limits, its log file. */
public final class Updates {
  private final Node node;

  Updates(Node node) {
    this.node = node;
  }

  /** UpdateContainerResources: zero and empty fields stay. */
  public void resources(String containerId, ContainerResources change) throws SandboxException {
    Container container = node.container(containerId);
    container.lock().lock();
    try {
      ContainerState state = container.state();
      if (state != ContainerState.RUNNING && state != ContainerState.CREATED) {
        throw new SandboxException(
            FAILED_PRECONDITION, container.display() + " is " + state + ": nothing to update");
      }
      ContainerRecord record = container.record();
      node.cgroups().open(new CgroupPath(record.cgroup())).update(Limits.of(change, null));
      ContainerRecord updated = record.with(Limits.merge(record.resources(), change));
      node.containerRecords().save(container.id(), updated);
      container.record(updated);
    } catch (IllegalArgumentException e) {
      throw new SandboxException(
          INVALID_ARGUMENT, container.display() + ": update: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new SandboxException(INTERNAL, container.display() + ": update: " + e.getMessage(), e);
    } finally {
      container.lock().unlock();
    }
  }

  /** ReopenContainerLog: lines from now on go to a file of the log's name. */
  public void reopenLog(String containerId) throws SandboxException, InterruptedException {
    Container container = node.container(containerId);
    ContainerRecord record = container.record();
    if (record.state() != ContainerState.RUNNING) {
      throw new SandboxException(
          FAILED_PRECONDITION,
          container.display() + " is " + record.state() + ", not RUNNING: its log is not open");
    }
    if (record.logPath().isEmpty()) {
      throw new SandboxException(FAILED_PRECONDITION, container.display() + " has no log");
    }
    try (Fd log = LogFile.open(record.logPath())) {
      Waits.get(
          container.pod().keeper().reopenLog(record.launchId(), log),
          container.display() + ": reopen its log");
    } catch (IOException e) {
      throw new SandboxException(
          INTERNAL, container.display() + ": reopen its log: " + e.getMessage(), e);
    }
  }
}
