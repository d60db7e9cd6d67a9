package io.crema.sandbox.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that can be told of a running container, for metrics. Times in nanoseconds, sizes in bytes;
 * -1 where nobody can tell.
 */
public record DetailedStats(
    ContainerStatus container,
    String cgroup,
    Cpu cpu,
    Memory memory,
    Processes processes,
    List<DeviceIo> io,
    Disk disk,
    Pressures pressures) {
  public DetailedStats {
    io = List.copyOf(io);
  }

  /** CPU time; {@code periods} are those of the quota. */
  public record Cpu(
      long total, long user, long system, long periods, long throttledPeriods, long throttled) {}

  /**
   * Memory.
   *
   * @param peak the most that was used
   * @param failures how often a limit was hit
   * @param oomKills processes that the kernel's OOM killer killed
   */
  public record Memory(
      long usage,
      long workingSet,
      long rss,
      long cache,
      long mappedFile,
      long swap,
      long activeFile,
      long inactiveFile,
      long kernel,
      long peak,
      long failures,
      long pageFaults,
      long majorPageFaults,
      long oomKills) {}

  /**
   * Processes.
   *
   * @param threadsLimit 0 without one
   * @param openFilesLimit the soft limit of the first process
   */
  public record Processes(
      long processes,
      long threads,
      long threadsLimit,
      long descriptors,
      long sockets,
      long openFilesLimit) {}

  /** I/O to one block device; {@code device} as {@code /dev/sda}, or empty when it has no name. */
  public record DeviceIo(
      String device,
      int major,
      int minor,
      long readBytes,
      long writeBytes,
      long reads,
      long writes) {}

  /** The file system of the writable layer, and the layer's share. */
  public record Disk(
      String device, long usedBytes, long limitBytes, long inodes, long inodesFree) {}

  /** Time lost to waiting; null where the kernel doesn't count it. */
  public record Pressures(
      ResourceUsage.@Nullable Pressure cpu,
      ResourceUsage.@Nullable Pressure memory,
      ResourceUsage.@Nullable Pressure io) {}
}
