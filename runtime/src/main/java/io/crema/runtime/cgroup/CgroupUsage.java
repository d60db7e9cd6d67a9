package io.crema.runtime.cgroup;

import org.jspecify.annotations.Nullable;

/**
 * The part of {@link CgroupStats} that is asked for every few seconds, for every container: what a
 * handful of files tell, each read once.
 *
 * @param takenAtNanos nanoseconds since the epoch
 * @param cpuNanos CPU time since the group was made
 * @param memory bytes in use
 * @param workingSet {@code memory} without the file pages that are easily dropped
 * @param rss anonymous memory
 * @param swap bytes of swap in use
 * @param pids processes and threads
 * @param cpuPressure time lost to waiting; null without PSI, as are the others
 */
public record CgroupUsage(
    long takenAtNanos,
    long cpuNanos,
    long memory,
    long workingSet,
    long rss,
    long pageFaults,
    long majorPageFaults,
    long swap,
    long pids,
    CgroupStats.@Nullable Pressure cpuPressure,
    CgroupStats.@Nullable Pressure memoryPressure,
    CgroupStats.@Nullable Pressure ioPressure) {}
