package io.crema.sandbox.model;

import java.util.List;

/**
 * All that can be told of a ready pod, for metrics.
 *
 * @param cgroup of the pod, or empty when the client named none
 */
public record DetailedPodStats(
    PodStatus pod,
    String cgroup,
    List<PodStats.NetworkUsage> interfaces,
    List<DetailedStats> containers) {
  public DetailedPodStats {
    interfaces = List.copyOf(interfaces);
    containers = List.copyOf(containers);
  }
}
