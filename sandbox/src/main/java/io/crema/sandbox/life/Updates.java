package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.FAILED_PRECONDITION;
import static io.crema.sandbox.SandboxException.Code.INTERNAL;
import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;

import io.crema.runtime.cgroup.Cgroup;
import io.crema.runtime.cgroup.CgroupPath;
import io.crema.runtime.cgroup.Resources;
import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.security.OomScore;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerResources;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.store.ContainerRecord;
import io.crema.sandbox.store.PodRecord;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** What changes of a container that exists: its limits, its log file. */
public final class Updates {
  private static final Logger LOG = System.getLogger("io.crema.sandbox");

  private final Node node;
  private final OomScore oom = OomScore.ofThisProcess();

  Updates(Node node) throws IOException {
    this.node = node;
  }

  /**
   * UpdateContainerResources: zero and empty fields stay. Either all of the change is in force when
   * this returns, or what was in force before is again.
   *
   * <p>The group exists from CreateContainer on, so a container that isn't started yet starts
   * within the new limits. {@code oom_score_adj} is of processes, not of the group: it is written
   * to those that are there, as their children have it from them.
   */
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
      ContainerRecord updated = record.with(Limits.merge(record.resources(), change));
      Cgroup cgroup = node.cgroups().open(new CgroupPath(record.cgroup()));
      Resources before = cgroup.inForce();
      try {
        cgroup.update(Limits.of(change, null));
        oomScore(container, cgroup, change);
        node.containerRecords().save(container.id(), updated);
      } catch (IOException | RuntimeException e) {
        restore(container, cgroup, before, e);
        throw e;
      }
      container.record(updated);
    } catch (IllegalArgumentException e) {
      throw new SandboxException(
          INVALID_ARGUMENT, container.display() + ": update: " + e.getMessage(), e);
    } catch (ErrnoException e) {
      // what the kernel refuses to take is the client's: CPUs that aren't there, a limit below use
      boolean refused =
          e.is(Errno.EINVAL) || e.is(Errno.ERANGE) || e.is(Errno.EACCES) || e.is(Errno.EBUSY);
      throw new SandboxException(
          refused ? INVALID_ARGUMENT : INTERNAL,
          container.display() + ": update: " + e.getMessage(),
          e);
    } catch (IOException e) {
      throw new SandboxException(INTERNAL, container.display() + ": update: " + e.getMessage(), e);
    } finally {
      container.lock().unlock();
    }
  }

  private void oomScore(Container container, Cgroup cgroup, ContainerResources change)
      throws IOException {
    if (change.oomScoreAdj() == 0
        || change.oomScoreAdj() == container.record().resources().oomScoreAdj()) {
      return;
    }
    byte[] value =
        Integer.toString(oom.clamp(change.oomScoreAdj())).getBytes(StandardCharsets.US_ASCII);
    for (int pid : cgroup.processes()) {
      try {
        Files.write(
            Path.of("/proc", Integer.toString(pid), "oom_score_adj"),
            value,
            StandardOpenOption.WRITE);
      } catch (NoSuchFileException e) {
        LOG.log(Level.DEBUG, "process {0} ended while its container was updated", pid);
      }
    }
  }

  /** After a change that failed half-way; what can't be restored is told beside the failure. */
  private static void restore(
      Container container, Cgroup cgroup, Resources before, Exception failure) {
    Resources.Cpu cpu = before.cpu();
    Resources.Memory memory = before.memory();
    Resources all =
        Limits.of(container.record().resources(), null) // what isn't read back
            .withCpu(
                new Resources.Cpu(
                    cpu.shares(),
                    cpu.quotaMicros() == 0 ? Resources.UNLIMITED : cpu.quotaMicros(),
                    cpu.periodMicros(),
                    0,
                    0,
                    cpu.cpus(),
                    cpu.mems()))
            .withMemory(
                new Resources.Memory(
                    memory.limit() == 0 ? Resources.UNLIMITED : memory.limit(),
                    memory.memoryAndSwap() == 0 ? Resources.UNLIMITED : memory.memoryAndSwap(),
                    false));
    try {
      cgroup.update(all);
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.WARNING, container.display() + ": limits stay changed in part", e);
      failure.addSuppressed(e);
    }
  }

  /**
   * UpdatePodSandboxResources: remembers what the client has set on the pod's own cgroup, which is
   * the client's and isn't touched (api.proto, LinuxPodSandboxConfig).
   */
  public void podResources(
      String podId, @Nullable ContainerResources overhead, @Nullable ContainerResources resources)
      throws SandboxException {
    Pod pod = node.pod(podId);
    pod.lock().writeLock().lock();
    try {
      PodRecord record = pod.record();
      PodRecord resized =
          record.with(
              record
                  .config()
                  .with(
                      overhead == null ? record.config().overhead() : overhead,
                      resources == null ? record.config().resources() : resources));
      node.podRecords().save(pod.id(), resized);
      pod.record(resized);
    } catch (IOException e) {
      throw new SandboxException(INTERNAL, pod.display() + ": update: " + e.getMessage(), e);
    } finally {
      pod.lock().writeLock().unlock();
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
