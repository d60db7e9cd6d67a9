package io.crema.runtime.cgroup;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Limits of a group; zero, empty and null mean "unset": the kernel's default when a group is made,
 * "leave" when it is updated. {@link #UNLIMITED} takes a limit away.
 *
 * @param pids the most processes and threads
 * @param devices null for "leave"; {@link DeviceRule#DEFAULT} is what containers get
 * @param unified files of v2 and what to write to them; refused on v1, as by runc
 */
public record Resources(
    Cpu cpu,
    Memory memory,
    long pids,
    List<HugepageLimit> hugepages,
    BlockIo io,
    @Nullable List<DeviceRule> devices,
    Map<String, String> unified) {

  /** Takes a limit away. */
  public static final long UNLIMITED = -1;

  /** Nothing set. */
  public static final Resources NONE =
      new Resources(Cpu.NONE, Memory.NONE, 0, List.of(), BlockIo.NONE, null, Map.of());

  /**
   * @throws IllegalArgumentException when a unified name isn't that of a cgroup's file
   */
  public Resources {
    hugepages = List.copyOf(hugepages);
    devices = devices == null ? null : List.copyOf(devices);
    unified = Map.copyOf(unified);
    for (String name : unified.keySet()) {
      if (name.indexOf('/') >= 0 || name.indexOf('.') <= 0 || name.startsWith("cgroup.")) {
        throw new IllegalArgumentException(
            "unified resource \"" + name + "\": expected a controller's file, such as memory.high");
      }
    }
  }

  /**
   * CPU time and places.
   *
   * @param shares v1's scale: 2–262144, 1024 by default
   * @param quotaMicros CPU time per period; {@link Resources#UNLIMITED} for no limit
   * @param periodMicros 100000 by default
   * @param realtimeRuntimeMicros v1 only
   * @param realtimePeriodMicros v1 only
   * @param cpus as {@code 0-3,7}
   * @param mems NUMA nodes, in the same syntax
   */
  public record Cpu(
      long shares,
      long quotaMicros,
      long periodMicros,
      long realtimeRuntimeMicros,
      long realtimePeriodMicros,
      String cpus,
      String mems) {
    public static final Cpu NONE = new Cpu(0, 0, 0, 0, 0, "", "");
  }

  /**
   * Bytes of memory.
   *
   * @param limit {@link Resources#UNLIMITED} for no limit
   * @param memoryAndSwap the sum of memory and swap, as OCI has it also for v2
   * @param oomGroup the OOM killer takes all processes or none (v2 only)
   */
  public record Memory(long limit, long memoryAndSwap, boolean oomGroup) {
    public static final Memory NONE = new Memory(0, 0, false);
  }

  /**
   * A limit of huge pages; ignored where the kernel has no hugetlb controller, since the kubelet
   * sends one of zero for every size.
   *
   * @param pageSize as the kernel names it: {@code 2MB}, {@code 1GB}
   * @param bytes zero means none
   */
  public record HugepageLimit(String pageSize, long bytes) {
    public HugepageLimit {
      if (!pageSize.matches("[0-9]+[KMG]B")) {
        throw new IllegalArgumentException(
            "huge page size \"" + pageSize + "\": expected a size such as 2MB");
      }
    }
  }

  /**
   * Block devices.
   *
   * @param weight v1's scale: 10–1000
   */
  public record BlockIo(int weight, List<Throttle> throttles) {
    public static final BlockIo NONE = new BlockIo(0, List.of());

    public BlockIo {
      throttles = List.copyOf(throttles);
      if (weight != 0 && (weight < 10 || weight > 1000)) {
        throw new IllegalArgumentException("block I/O weight " + weight + ": expected 10 to 1000");
      }
    }
  }

  /**
   * The most of one kind of I/O to one device in a second.
   *
   * @param rate bytes or operations; zero means no limit
   */
  public record Throttle(int major, int minor, Kind kind, long rate) {
    /** Which I/O, with the names of v1 and v2. */
    public enum Kind {
      READ_BYTES("read_bps_device", "rbps"),
      WRITE_BYTES("write_bps_device", "wbps"),
      READ_OPERATIONS("read_iops_device", "riops"),
      WRITE_OPERATIONS("write_iops_device", "wiops");

      private final String v1;
      private final String v2;

      Kind(String v1, String v2) {
        this.v1 = v1;
        this.v2 = v2;
      }

      String v1File() {
        return "blkio.throttle." + v1;
      }

      String v2Key() {
        return v2;
      }
    }
  }

  /** The same with other CPU settings. */
  public Resources withCpu(Cpu value) {
    return new Resources(value, memory, pids, hugepages, io, devices, unified);
  }

  /** The same with other memory settings. */
  public Resources withMemory(Memory value) {
    return new Resources(cpu, value, pids, hugepages, io, devices, unified);
  }

  /** The same with another limit of processes. */
  public Resources withPids(long value) {
    return new Resources(cpu, memory, value, hugepages, io, devices, unified);
  }

  /** The same with other device rules. */
  public Resources withDevices(List<DeviceRule> value) {
    return new Resources(cpu, memory, pids, hugepages, io, value, unified);
  }

  /** The same with other files of v2. */
  public Resources withUnified(Map<String, String> value) {
    return new Resources(cpu, memory, pids, hugepages, io, devices, value);
  }
}
