package io.crema.sandbox.model;

import java.util.List;

/**
 * What a pod uses.
 *
 * @param usage of the pod's own cgroup when the client named one, else the sum of its running
 *     containers
 * @param interfaces of the pod; empty on the host's network
 */
public record PodStats(
    PodStatus pod,
    ResourceUsage usage,
    List<NetworkUsage> interfaces,
    List<ContainerStats> containers) {
  public PodStats {
    interfaces = List.copyOf(interfaces);
    containers = List.copyOf(containers);
  }

  /** Counters of one of the pod's interfaces as the pod sees them. */
  public record NetworkUsage(
      String interfaceName,
      long rxBytes,
      long rxPackets,
      long rxErrors,
      long rxDropped,
      long txBytes,
      long txPackets,
      long txErrors,
      long txDropped) {}
}
