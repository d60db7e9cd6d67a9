package io.crema.sandbox.life;

import io.crema.cni.NetworkException;
import io.crema.runtime.cgroup.CgroupPath;
import io.crema.runtime.cgroup.CgroupStats;
import io.crema.runtime.cgroup.CgroupUsage;
import io.crema.sandbox.model.ContainerFilter;
import io.crema.sandbox.model.ContainerResources;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.model.ContainerStats;
import io.crema.sandbox.model.PodFilter;
import io.crema.sandbox.model.PodState;
import io.crema.sandbox.model.PodStats;
import io.crema.sandbox.model.ResourceUsage;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** What pods and containers use, read from the kernel when asked. */
public final class Stats {
  private static final Logger LOG = System.getLogger("io.crema.sandbox");

  /** How long one request waits for layers that were never counted. */
  private static final Duration FIRST_COUNTS = Duration.ofMillis(50);

  private final Node node;
  private final Statuses statuses;
  private final LayerCounts layers;

  Stats(Node node, Statuses statuses, LayerCounts layers) {
    this.node = node;
    this.statuses = statuses;
    this.layers = layers;
  }

  /** Of running containers. */
  public List<ContainerStats> containers(ContainerFilter filter) throws InterruptedException {
    return of(
        statuses.matching(filter).filter(c -> c.state() == ContainerState.RUNNING).toList(),
        false,
        new Patience());
  }

  /** Of one container, which need not run. */
  public ContainerStats container(Container container) throws InterruptedException {
    return of(List.of(container), true, new Patience()).getFirst();
  }

  /** How long one request may wait for first counts, all of its containers together. */
  private static final class Patience {
    private final long end = System.nanoTime() + FIRST_COUNTS.toNanos();

    Duration left() {
      return Duration.ofNanos(end - System.nanoTime());
    }
  }

  private List<ContainerStats> of(List<Container> containers, boolean alsoEnded, Patience patience)
      throws InterruptedException {
    containers.forEach(layers::refresh);
    List<ContainerStats> out = new ArrayList<>(containers.size());
    for (Container container : containers) {
      ResourceUsage usage = usage(container);
      if (usage != null || alsoEnded) {
        out.add(
            new ContainerStats(
                Statuses.of(container), usage, layers.of(container, patience.left())));
      }
    }
    return out;
  }

  /** Null when it doesn't run (any more). */
  private @Nullable ResourceUsage usage(Container container) {
    if (container.state() != ContainerState.RUNNING) {
      return null;
    }
    try {
      CgroupUsage used = node.cgroups().open(new CgroupPath(container.record().cgroup())).usage();
      return usage(used, container.cpuRate(), container.record().resources());
    } catch (NoSuchFileException e) {
      return null; // it has ended meanwhile
    } catch (IOException e) {
      LOG.log(Level.WARNING, container.display() + ": no stats", e);
      return null;
    }
  }

  private static ResourceUsage usage(
      CgroupUsage used, CpuRate rate, @Nullable ContainerResources limits) {
    long limit = limits == null ? 0 : limits.memoryLimit();
    long swapLimit = limits == null ? 0 : limits.memorySwapLimit();
    return new ResourceUsage(
        used.takenAtNanos(),
        used.cpuNanos(),
        rate.of(used.takenAtNanos(), used.cpuNanos()),
        used.memory(),
        used.workingSet(),
        used.rss(),
        used.pageFaults(),
        used.majorPageFaults(),
        limit <= 0 ? 0 : Math.max(0, limit - used.workingSet()),
        used.swap(),
        limit <= 0 || swapLimit <= 0 ? 0 : Math.max(0, swapLimit - limit - used.swap()),
        used.pids(),
        pressure(used.cpuPressure()),
        pressure(used.memoryPressure()),
        pressure(used.ioPressure()));
  }

  static ResourceUsage.@Nullable Pressure pressure(CgroupStats.@Nullable Pressure p) {
    return p == null ? null : new ResourceUsage.Pressure(stall(p.some()), stall(p.full()));
  }

  private static ResourceUsage.Stall stall(CgroupStats.PressureLine line) {
    return new ResourceUsage.Stall(
        line.totalMicros() * 1000,
        line.averages().of10s(),
        line.averages().of60s(),
        line.averages().of300s());
  }

  /** Of pods that are ready. */
  public List<PodStats> pods(PodFilter filter) throws InterruptedException {
    List<PodStats> out = new ArrayList<>();
    Patience patience = new Patience();
    for (Pod pod : statuses.matching(filter).toList()) {
      if (pod.state() == PodState.READY) {
        out.add(of(pod, patience));
      }
    }
    return out;
  }

  private PodStats of(Pod pod, Patience patience) throws InterruptedException {
    List<ContainerStats> containers =
        of(
            pod.containers().stream().filter(c -> c.state() == ContainerState.RUNNING).toList(),
            false,
            patience);
    ResourceUsage usage = usage(pod, containers);
    return new PodStats(Statuses.of(pod), usage, interfaces(pod), containers);
  }

  /**
   * Of the pod's own cgroup, which also remembers containers that have ended. Without one (a client
   * that is no kubelet), the sum.
   */
  private ResourceUsage usage(Pod pod, List<ContainerStats> containers) {
    String parent = pod.config().cgroupParent();
    long pids = sum(containers, ResourceUsage::pids);
    if (!parent.isEmpty()) {
      try {
        CgroupUsage used = node.cgroups().open(CgroupPath.ofCri(parent)).usage();
        ResourceUsage of = usage(used, pod.cpuRate(), pod.config().resources());
        return of.withPids(pids);
      } catch (NoSuchFileException e) {
        LOG.log(Level.DEBUG, "{0}: cgroup_parent {1} isn''t there", pod.display(), parent);
      } catch (IOException e) {
        LOG.log(Level.WARNING, pod.display() + ": no stats of cgroup_parent " + parent, e);
      }
    }
    long now = Node.now();
    long cpu = sum(containers, ResourceUsage::cpu);
    return new ResourceUsage(
        now,
        cpu,
        pod.cpuRate().of(now, cpu),
        sum(containers, ResourceUsage::memory),
        sum(containers, ResourceUsage::workingSet),
        sum(containers, ResourceUsage::rss),
        sum(containers, ResourceUsage::pageFaults),
        sum(containers, ResourceUsage::majorPageFaults),
        0,
        sum(containers, ResourceUsage::swap),
        0,
        pids,
        null,
        null,
        null);
  }

  private static long sum(List<ContainerStats> containers, ToLongFunction<ResourceUsage> what) {
    long sum = 0;
    for (ContainerStats container : containers) {
      ResourceUsage usage = container.usage();
      sum += usage == null ? 0 : what.applyAsLong(usage);
    }
    return sum;
  }

  List<PodStats.NetworkUsage> interfaces(Pod pod) {
    if (pod.onHostNetwork()) {
      return List.of();
    }
    try {
      return node.network().stats(pod.id()).stream()
          .map(
              s ->
                  new PodStats.NetworkUsage(
                      s.interfaceName(),
                      s.rxBytes(),
                      s.rxPackets(),
                      s.rxErrors(),
                      s.rxDropped(),
                      s.txBytes(),
                      s.txPackets(),
                      s.txErrors(),
                      s.txDropped()))
          .toList();
    } catch (NetworkException e) {
      LOG.log(Level.WARNING, pod.display() + ": no network stats", e);
      return List.of();
    }
  }
}
