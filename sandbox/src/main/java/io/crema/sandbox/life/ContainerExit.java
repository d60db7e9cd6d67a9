package io.crema.sandbox.life;

import io.crema.runtime.cgroup.Cgroup;
import io.crema.runtime.cgroup.CgroupPath;
import io.crema.runtime.keeper.Exit;
import io.crema.runtime.keeper.Keeper;
import io.crema.sandbox.model.ContainerEvent;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.store.ContainerRecord;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The end of a container's first process, and of all that it leaves. */
final class ContainerExit {
  private static final Logger LOG = System.getLogger("io.crema.sandbox");
  private static final Duration REMOVAL = Duration.ofSeconds(10);

  private final Node node;

  ContainerExit(Node node) {
    this.node = node;
  }

  /** Its first process has ended. */
  void exited(Container container, Exit exit) {
    container.lock().lock();
    try {
      if (container.state() == ContainerState.EXITED) {
        return; // told of twice: from the keeper's list and as an event
      }
      int code = exit.code();
      String reason = oomKilled(container) ? "OOMKilled" : code == 0 ? "Completed" : "Error";
      end(container, Node.nanos(exit.at()), code, reason, "");
    } finally {
      container.lock().unlock();
    }
    clear(container);
  }

  /** Makes it EXITED, durably; the caller holds its lock and afterwards calls {@link #clear}. */
  void end(Container container, long at, int code, String reason, String message) {
    ContainerRecord ended = container.record().exited(at, code, reason, message);
    try {
      node.containerRecords().save(container.id(), ended);
    } catch (IOException e) {
      // The keeper's journal still has the exit: a restarted daemon finds it there.
      LOG.log(Level.ERROR, container.display() + ": its exit could not be recorded", e);
    }
    // Before anybody learns of the end, who may then dismiss the keeper: a request that it doesn't
    // get to read any more would reset the connection.
    container
        .pod()
        .keeperIfAlive()
        .ifPresent(keeper -> forget(keeper, container, ended.launchId()));
    container.pod().forget(ended.launchId());
    container.record(ended);
    node.events().send(ContainerEvent.Kind.STOPPED, container);
  }

  private static void forget(Keeper keeper, Container container, long launchId) {
    CompletableFuture<Void> _ =
        keeper
            .forget(launchId)
            .whenComplete(
                (_, e) -> {
                  if (e != null) {
                    LOG.log(
                        Level.DEBUG,
                        "{0}: its keeper does not forget it: {1}",
                        container.display(),
                        e);
                  }
                });
  }

  /** Whether the kernel's OOM killer killed in it; read while the cgroup is there. */
  private boolean oomKilled(Container container) {
    try {
      return cgroup(container).oomKills() > 0;
    } catch (IOException e) {
      LOG.log(Level.WARNING, container.display() + ": whether it was OOM-killed is unknown", e);
      return false;
    }
  }

  private Cgroup cgroup(Container container) {
    return node.cgroups().open(new CgroupPath(container.record().cgroup()));
  }

  /** Ends what its first process left running and removes its cgroup; a failure is logged. */
  void clear(Container container) {
    try {
      clearOrFail(container);
    } catch (IOException e) {
      LOG.log(Level.WARNING, container.display() + ": its cgroup stays for now", e);
    }
  }

  /** As {@link #clear}, for the caller to hear of a failure. */
  void clearOrFail(Container container) throws IOException {
    Cgroup cgroup = cgroup(container);
    if (!cgroup.processes().isEmpty()) {
      cgroup.kill();
    }
    cgroup.remove(REMOVAL);
  }
}
