package io.crema.sandbox.life;

import io.crema.cni.NetworkException;
import io.crema.image.FsUsage;
import io.crema.runtime.cgroup.CgroupPath;
import io.crema.runtime.cgroup.CgroupStats;
import io.crema.runtime.cgroup.Resources;
import io.crema.sandbox.model.ContainerFilter;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.model.ContainerStats;
import io.crema.sandbox.model.PodFilter;
import io.crema.sandbox.model.PodState;
import io.crema.sandbox.model.PodStats;
import io.crema.sandbox.model.PodStatus;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What pods and containers use, read from the kernel when asked. */
public final class Stats {
  private static final Logger LOG = System.getLogger("io.crema.sandbox");

  private final Node node;
  private final Statuses statuses;

  Stats(Node node, Statuses statuses) {
    this.node = node;
    this.statuses = statuses;
  }

  public List<ContainerStats> containers(ContainerFilter filter) {
    List<ContainerStats> out = new ArrayList<>();
    statuses.matching(filter).forEach(c -> of(c).ifPresent(out::add));
    return out;
  }

  /** Of a running container; a container that ends meanwhile has none. */
  private Optional<ContainerStats> of(Container container) {
    if (container.state() != ContainerState.RUNNING) {
      return Optional.empty();
    }
    try {
      CgroupStats stats = node.cgroups().open(new CgroupPath(container.record().cgroup())).stats();
      FsUsage layer = node.images().writableLayerUsage(container.id());
      CgroupStats.Memory m = stats.memory();
      boolean limited = m.limit() != Resources.UNLIMITED;
      return Optional.of(
          new ContainerStats(
              statuses.of(container, false),
              stats.takenAtNanos(),
              stats.cpu().usageNanos(),
              m.usage(),
              m.workingSet(),
              m.rss(),
              m.pageFaults(),
              m.majorPageFaults(),
              limited ? Math.max(0, m.limit() - m.workingSet()) : 0,
              m.swap(),
              m.swapLimit() == Resources.UNLIMITED ? 0 : Math.max(0, m.swapLimit() - m.swap()),
              node.images().writableLayer(container.id()).map(l -> l.upper().toString()).orElse(""),
              layer.usedBytes(),
              layer.inodes()));
    } catch (IOException e) {
      if (container.state() == ContainerState.RUNNING) {
        LOG.log(Level.WARNING, container.display() + ": no stats", e);
      }
      return Optional.empty();
    }
  }

  public List<PodStats> pods(PodFilter filter) {
    List<PodStats> out = new ArrayList<>();
    for (PodStatus status : statuses.list(filter)) {
      if (status.state() == PodState.READY) {
        node.pods().find(status.id()).ifPresent(p -> out.add(of(p, status)));
      }
    }
    return out;
  }

  private PodStats of(Pod pod, PodStatus status) {
    List<ContainerStats> containers = new ArrayList<>();
    long pids = 0;
    for (Container container : pod.containers()) {
      Optional<ContainerStats> stats = of(container);
      if (stats.isPresent()) {
        containers.add(stats.get());
        pids += pids(container);
      }
    }
    return new PodStats(
        status,
        Node.now(),
        containers.stream().mapToLong(ContainerStats::cpuUsage).sum(),
        containers.stream().mapToLong(ContainerStats::memoryUsage).sum(),
        containers.stream().mapToLong(ContainerStats::workingSet).sum(),
        containers.stream().mapToLong(ContainerStats::rss).sum(),
        containers.stream().mapToLong(ContainerStats::pageFaults).sum(),
        containers.stream().mapToLong(ContainerStats::majorPageFaults).sum(),
        pids,
        network(pod),
        containers);
  }

  private long pids(Container container) {
    try {
      return node.cgroups()
          .open(new CgroupPath(container.record().cgroup()))
          .stats()
          .pids()
          .current();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, container.display() + ": no count of processes", e);
      return 0;
    }
  }

  private PodStats.@Nullable NetworkUsage network(Pod pod) {
    if (pod.onHostNetwork()) {
      return null;
    }
    try {
      return node.network()
          .stats(pod.id())
          .map(
              s ->
                  new PodStats.NetworkUsage(
                      "eth0", s.rxBytes(), s.rxErrors(), s.txBytes(), s.txErrors()))
          .orElse(null);
    } catch (NetworkException e) {
      LOG.log(Level.WARNING, pod.display() + ": no network stats", e);
      return null;
    }
  }
}
