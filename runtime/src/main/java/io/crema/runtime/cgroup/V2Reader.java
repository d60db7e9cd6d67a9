package io.crema.runtime.cgroup;

import io.crema.runtime.cgroup.Resources.BlockIo;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reads what is in force and in use from the files of v2. */
final class V2Reader {
  private V2Reader() {}

  static Resources inForce(Values v) throws IOException {
    List<String> max = v.words("cpu.max");
    long weight = v.number("cpu.weight");
    Resources.Cpu cpu =
        new Resources.Cpu(
            weight == 0 ? 0 : CpuWeight.toShares(weight),
            max.isEmpty() ? 0 : Math.max(Values.parse(max.getFirst()), 0),
            max.size() < 2 ? 0 : Values.parse(max.get(1)),
            0,
            0,
            v.text("cpuset.cpus"),
            v.text("cpuset.mems"));
    long limit = Math.max(v.number("memory.max"), 0);
    long swap = v.text("memory.swap.max").isEmpty() ? -1 : v.number("memory.swap.max");
    Resources.Memory memory =
        new Resources.Memory(
            limit, limit == 0 || swap < 0 ? 0 : limit + swap, v.number("memory.oom.group") == 1);
    return new Resources(
        cpu, memory, Math.max(v.number("pids.max"), 0), List.of(), BlockIo.NONE, null, Map.of());
  }

  static CgroupUsage usage(Values v) throws IOException {
    Instant now = Clock.systemUTC().instant();
    StatText cpu = new StatText(v.present("cpu.stat"));
    StatText memory = new StatText(v.text("memory.stat"));
    long used = v.number("memory.current");
    return new CgroupUsage(
        now.getEpochSecond() * 1_000_000_000L + now.getNano(),
        cpu.number("usage_usec") * 1000,
        used,
        Math.max(0, used - memory.number("inactive_file")),
        memory.number("anon"),
        memory.number("pgfault"),
        memory.number("pgmajfault"),
        v.number("memory.swap.current"),
        v.number("pids.current"),
        v.pressure("cpu.pressure"),
        v.pressure("memory.pressure"),
        v.pressure("io.pressure"));
  }

  static CgroupStats stats(Values v) throws IOException {
    Instant now = Clock.systemUTC().instant();
    Map<String, Long> cpu = v.table("cpu.stat");
    return new CgroupStats(
        now.getEpochSecond() * 1_000_000_000L + now.getNano(),
        new CgroupStats.Cpu(
            micros(cpu, "usage_usec"),
            micros(cpu, "user_usec"),
            micros(cpu, "system_usec"),
            cpu.getOrDefault("nr_periods", 0L),
            cpu.getOrDefault("nr_throttled", 0L),
            micros(cpu, "throttled_usec"),
            v.pressure("cpu.pressure")),
        memory(v),
        new CgroupStats.Pids(
            v.number("pids.current"),
            v.text("pids.max").isEmpty() ? Resources.UNLIMITED : v.number("pids.max")),
        io(v));
  }

  private static long micros(Map<String, Long> table, String key) {
    return table.getOrDefault(key, 0L) * 1000;
  }

  private static CgroupStats.Memory memory(Values v) throws IOException {
    Map<String, Long> stat = v.table("memory.stat");
    long usage = v.number("memory.current");
    boolean swap = !v.text("memory.swap.max").isEmpty();
    return new CgroupStats.Memory(
        usage,
        Math.max(0, usage - stat.getOrDefault("inactive_file", 0L)),
        stat.getOrDefault("anon", 0L),
        stat.getOrDefault("file", 0L),
        stat.getOrDefault("file_mapped", 0L),
        stat.getOrDefault("active_file", 0L),
        stat.getOrDefault("inactive_file", 0L),
        stat.getOrDefault("kernel", stat.getOrDefault("kernel_stack", 0L)),
        stat.getOrDefault("pgfault", 0L),
        stat.getOrDefault("pgmajfault", 0L),
        v.text("memory.max").isEmpty() ? Resources.UNLIMITED : v.number("memory.max"),
        v.number("memory.peak"),
        v.table("memory.events").getOrDefault("max", 0L),
        v.number("memory.swap.current"),
        swap ? v.number("memory.swap.max") : Resources.UNLIMITED,
        v.pressure("memory.pressure"));
  }

  /** Lines of {@code 8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0}. */
  private static List<CgroupStats.DeviceIo> io(Values v) throws IOException {
    List<CgroupStats.DeviceIo> out = new ArrayList<>();
    for (String line : v.text("io.stat").split("\n", -1)) {
      int colon = line.indexOf(':');
      int space = line.indexOf(' ');
      if (colon > 0 && space > colon) {
        Map<String, String> f = Values.fields(line);
        out.add(
            new CgroupStats.DeviceIo(
                Integer.parseInt(line.substring(0, colon)),
                Integer.parseInt(line.substring(colon + 1, space)),
                Values.parse(f.getOrDefault("rbytes", "0")),
                Values.parse(f.getOrDefault("wbytes", "0")),
                Values.parse(f.getOrDefault("rios", "0")),
                Values.parse(f.getOrDefault("wios", "0"))));
      }
    }
    return out;
  }
}
