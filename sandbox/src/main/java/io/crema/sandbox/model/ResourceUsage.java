package io.crema.sandbox.model;

import org.jspecify.annotations.Nullable;

/**
 * What a container, or a pod as a whole, uses. Times in nanoseconds, sizes in bytes; -1 where
 * nobody can tell.
 *
 * @param timestamp nanoseconds since the epoch, when this was read
 * @param cpu cumulative
 * @param cpuRate CPU nanoseconds used in a second, of late; -1 until there have been two readings
 * @param memory usage
 * @param workingSet usage less inactive page cache, as the kubelet's eviction counts it
 * @param available memory up to the limit; 0 without one, as containerd has it
 * @param pids processes and threads
 * @param cpuPressure time lost to waiting; null where the kernel doesn't count it
 */
public record ResourceUsage(
    long timestamp,
    long cpu,
    long cpuRate,
    long memory,
    long workingSet,
    long rss,
    long pageFaults,
    long majorPageFaults,
    long available,
    long swap,
    long swapAvailable,
    long pids,
    @Nullable Pressure cpuPressure,
    @Nullable Pressure memoryPressure,
    @Nullable Pressure ioPressure) {

  /** The same with another number of processes. */
  public ResourceUsage withPids(long number) {
    return new ResourceUsage(
        timestamp,
        cpu,
        cpuRate,
        memory,
        workingSet,
        rss,
        pageFaults,
        majorPageFaults,
        available,
        swap,
        swapAvailable,
        number,
        cpuPressure,
        memoryPressure,
        ioPressure);
  }

  /** Pressure stall information (CRI PsiStats): of some tasks, and of all at once. */
  public record Pressure(Stall some, Stall full) {}

  /**
   * One line of it (CRI PsiData).
   *
   * @param total nanoseconds
   * @param avg10 percent, in the last 10 seconds
   */
  public record Stall(long total, double avg10, double avg60, double avg300) {}
}
