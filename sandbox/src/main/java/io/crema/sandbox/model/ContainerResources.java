package io.crema.sandbox.model;

import java.util.List;
import java.util.Map;

/**
 * CRI LinuxContainerResources; zero or empty means unset. Memory in bytes, CPU times in
 * microseconds.
 */
public record ContainerResources(
    long cpuPeriod,
    long cpuQuota,
    long cpuShares,
    long memoryLimit,
    long oomScoreAdj,
    String cpusetCpus,
    String cpusetMems,
    List<HugepageLimit> hugepageLimits,
    Map<String, String> unified,
    long memorySwapLimit) {
  public ContainerResources {
    hugepageLimits = List.copyOf(hugepageLimits);
    unified = Map.copyOf(unified);
  }

  /** Nothing set. */
  public static final ContainerResources NONE =
      new ContainerResources(0, 0, 0, 0, 0, "", "", List.of(), Map.of(), 0);
}
