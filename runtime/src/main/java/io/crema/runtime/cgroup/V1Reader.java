package io.crema.runtime.cgroup;

import io.crema.runtime.cgroup.Resources.BlockIo;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads what is in force and in use from the files of v1. */
final class V1Reader {
  private static final CgroupStats.Pids NO_PIDS = new CgroupStats.Pids(0, Resources.UNLIMITED);

  private V1Reader() {}

  static Resources inForce(V1Cgroup group) throws IOException {
    Resources.Cpu cpu = Resources.Cpu.NONE;
    Path directory = group.directory("cpu");
    if (directory != null) {
      Values v = new Values(group.files(), directory);
      long quota = v.number("cpu.cfs_quota_us");
      cpu =
          new Resources.Cpu(
              v.number("cpu.shares"),
              Math.max(quota, 0),
              v.number("cpu.cfs_period_us"),
              0,
              0,
              "",
              "");
    }
    directory = group.directory("cpuset");
    if (directory != null) {
      Values v = new Values(group.files(), directory);
      cpu =
          new Resources.Cpu(
              cpu.shares(),
              cpu.quotaMicros(),
              cpu.periodMicros(),
              0,
              0,
              v.text("cpuset.cpus"),
              v.text("cpuset.mems"));
    }
    Resources.Memory memory = Resources.Memory.NONE;
    directory = group.directory("memory");
    if (directory != null) {
      Values v = new Values(group.files(), directory);
      memory =
          new Resources.Memory(
              Math.max(v.number("memory.limit_in_bytes"), 0),
              Math.max(v.number("memory.memsw.limit_in_bytes"), 0),
              false);
    }
    directory = group.directory("pids");
    long pids =
        directory == null
            ? 0
            : Math.max(new Values(group.files(), directory).number("pids.max"), 0);
    return new Resources(cpu, memory, pids, List.of(), BlockIo.NONE, null, Map.of());
  }

  static CgroupUsage usage(V1Cgroup group) throws IOException {
    Instant now = Clock.systemUTC().instant();
    Path cpu = group.directory("cpuacct");
    Path memory = group.directory("memory");
    Path pids = group.directory("pids");
    Path any = cpu != null ? cpu : memory != null ? memory : group.directories().getFirst();
    Values first = new Values(group.files(), any);
    long nanos = Values.parse(first.present(cpu != null ? "cpuacct.usage" : "cgroup.procs"));
    long used = 0;
    StatText stat = new StatText("");
    if (memory != null) {
      Values v = new Values(group.files(), memory);
      used = v.number("memory.usage_in_bytes");
      stat = new StatText(v.text("memory.stat"));
    }
    return new CgroupUsage(
        now.getEpochSecond() * 1_000_000_000L + now.getNano(),
        cpu == null ? 0 : nanos,
        used,
        Math.max(0, used - stat.number("total_inactive_file")),
        stat.number("total_rss"),
        stat.number("total_pgfault"),
        stat.number("total_pgmajfault"),
        stat.number("total_swap"),
        pids == null ? 0 : new Values(group.files(), pids).number("pids.current"),
        pressure(group, "cpu.pressure"),
        pressure(group, "memory.pressure"),
        pressure(group, "io.pressure"));
  }

  static CgroupStats stats(V1Cgroup group) throws IOException {
    Instant now = Clock.systemUTC().instant();
    return new CgroupStats(
        now.getEpochSecond() * 1_000_000_000L + now.getNano(),
        cpu(group),
        memory(group),
        pids(group),
        io(group));
  }

  private static CgroupStats.@Nullable Pressure pressure(V1Cgroup group, String file)
      throws IOException {
    Path unified = group.unifiedDirectory();
    return unified == null ? null : new Values(group.files(), unified).pressure(file);
  }

  private static CgroupStats.Cpu cpu(V1Cgroup group) throws IOException {
    long usage = 0;
    long user = 0;
    long system = 0;
    Path accounting = group.directory("cpuacct");
    if (accounting != null) {
      Values v = new Values(group.files(), accounting);
      usage = v.number("cpuacct.usage");
      user = v.number("cpuacct.usage_user");
      system = v.number("cpuacct.usage_sys");
    }
    Path directory = group.directory("cpu");
    Map<String, Long> throttling =
        directory == null ? Map.of() : new Values(group.files(), directory).table("cpu.stat");
    return new CgroupStats.Cpu(
        usage,
        user,
        system,
        throttling.getOrDefault("nr_periods", 0L),
        throttling.getOrDefault("nr_throttled", 0L),
        throttling.getOrDefault("throttled_time", 0L),
        pressure(group, "cpu.pressure"));
  }

  private static CgroupStats.Memory memory(V1Cgroup group) throws IOException {
    Path directory = group.directory("memory");
    if (directory == null) {
      return new CgroupStats.Memory(
          0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Resources.UNLIMITED, 0, 0, 0, Resources.UNLIMITED, null);
    }
    Values v = new Values(group.files(), directory);
    Map<String, Long> stat = v.table("memory.stat");
    long usage = v.number("memory.usage_in_bytes");
    long limit = v.number("memory.limit_in_bytes");
    long sum = v.number("memory.memsw.limit_in_bytes");
    return new CgroupStats.Memory(
        usage,
        Math.max(0, usage - stat.getOrDefault("total_inactive_file", 0L)),
        stat.getOrDefault("total_rss", 0L),
        stat.getOrDefault("total_cache", 0L),
        stat.getOrDefault("total_mapped_file", 0L),
        stat.getOrDefault("total_active_file", 0L),
        stat.getOrDefault("total_inactive_file", 0L),
        v.number("memory.kmem.usage_in_bytes"),
        stat.getOrDefault("total_pgfault", 0L),
        stat.getOrDefault("total_pgmajfault", 0L),
        limit,
        v.number("memory.max_usage_in_bytes"),
        v.number("memory.failcnt"),
        stat.getOrDefault("total_swap", 0L),
        sum < 0 || limit < 0 ? Resources.UNLIMITED : Math.max(0, sum - limit),
        pressure(group, "memory.pressure"));
  }

  private static CgroupStats.Pids pids(V1Cgroup group) throws IOException {
    Path directory = group.directory("pids");
    if (directory == null) {
      return NO_PIDS;
    }
    Values v = new Values(group.files(), directory);
    return new CgroupStats.Pids(v.number("pids.current"), v.number("pids.max"));
  }

  private static List<CgroupStats.DeviceIo> io(V1Cgroup group) throws IOException {
    Path directory = group.directory("blkio");
    if (directory == null) {
      return List.of();
    }
    Map<String, long[]> devices = new TreeMap<>();
    Values v = new Values(group.files(), directory);
    collect(v, "blkio.throttle.io_service_bytes", 0, devices);
    collect(v, "blkio.throttle.io_serviced", 2, devices);
    return devices.entrySet().stream()
        .map(
            e -> {
              String[] numbers = e.getKey().split(":", -1);
              long[] n = e.getValue();
              return new CgroupStats.DeviceIo(
                  Integer.parseInt(numbers[0]),
                  Integer.parseInt(numbers[1]),
                  n[0],
                  n[1],
                  n[2],
                  n[3]);
            })
        .toList();
  }

  /** Lines of {@code 8:0 Read 4096}. */
  private static void collect(Values v, String file, int at, Map<String, long[]> devices)
      throws IOException {
    String text = v.text(file + "_recursive");
    for (String line : (text.isEmpty() ? v.text(file) : text).split("\n", -1)) {
      String[] words = line.split(" ", -1);
      if (words.length != 3 || words[0].indexOf(':') < 0) {
        continue;
      }
      int column = words[1].equals("Read") ? at : words[1].equals("Write") ? at + 1 : -1;
      if (column >= 0) {
        devices.computeIfAbsent(words[0], k -> new long[4])[column] = Values.parse(words[2]);
      }
    }
  }
}
