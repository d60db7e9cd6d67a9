package io.crema.runtime.cgroup;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a group uses, at one moment.
 *
 * @param takenAtNanos nanoseconds since the epoch
 */
public record CgroupStats(long takenAtNanos, Cpu cpu, Memory memory, Pids pids, List<DeviceIo> io) {
  public CgroupStats {
    io = List.copyOf(io);
  }

  /** CPU time since the group was made; nanoseconds. */
  public record Cpu(
      long usageNanos,
      long userNanos,
      long systemNanos,
      long periods,
      long throttledPeriods,
      long throttledNanos,
      @Nullable Pressure pressure) {}

  /**
   * Bytes, and page faults since the group was made.
   *
   * @param workingSet usage without the file pages that are easily dropped, as the kubelet defines
   *     it
   * @param activeFile file pages in use of late
   * @param inactiveFile file pages that are easily dropped
   * @param kernel memory of the kernel's own for this group; zero where it doesn't say
   * @param limit {@link Resources#UNLIMITED} when there is none
   * @param swap bytes of swap in use
   * @param swapLimit of swap alone; {@link Resources#UNLIMITED} when there is none
   */
  public record Memory(
      long usage,
      long workingSet,
      long rss,
      long cache,
      long mappedFile,
      long activeFile,
      long inactiveFile,
      long kernel,
      long pageFaults,
      long majorPageFaults,
      long limit,
      long peak,
      long failures,
      long swap,
      long swapLimit,
      @Nullable Pressure pressure) {}

  /**
   * Processes and threads.
   *
   * @param limit {@link Resources#UNLIMITED} when there is none
   */
  public record Pids(long current, long limit) {}

  /** I/O to one block device since the group was made. */
  public record DeviceIo(
      int major, int minor, long readBytes, long writeBytes, long reads, long writes) {}

  /** Time lost to waiting (Documentation/accounting/psi.rst); only where a v2 hierarchy is. */
  public record Pressure(PressureLine some, PressureLine full) {}

  /**
   * One line of it.
   *
   * @param averages percent in the last 10, 60 and 300 seconds
   */
  public record PressureLine(Averages averages, long totalMicros) {
    /** Percent. */
    public record Averages(double of10s, double of60s, double of300s) {}
  }
}
