package io.crema.sandbox.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a pod uses: the sums over its containers, and its network.
 *
 * @param network null on the host's network or when the pod has ended
 * @param pids processes and threads of all containers
 */
public record PodStats(
    PodStatus pod,
    long timestamp,
    long cpuUsage,
    long memoryUsage,
    long workingSet,
    long rss,
    long pageFaults,
    long majorPageFaults,
    long pids,
    @Nullable NetworkUsage network,
    List<ContainerStats> containers) {
  public PodStats {
    containers = List.copyOf(containers);
  }

  /** Counters of the pod's interface as the pod sees them. */
  public record NetworkUsage(
      String interfaceName, long rxBytes, long rxErrors, long txBytes, long txErrors) {}
}
