package io.crema.runtime.cgroup;

import io.crema.runtime.cgroup.Resources.Cpu;
import io.crema.runtime.cgroup.Resources.HugepageLimit;
import io.crema.runtime.cgroup.Resources.Memory;
import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Writes {@link Resources} into the files of v2 (Documentation/admin-guide/cgroup-v2.rst). */
final class V2Limits {
  private static final String MAX = "max";
  private static final long DEFAULT_PERIOD = 100_000;

  private final CgroupFiles files;
  private final Path directory;
  private final CgroupPath name;

  V2Limits(CgroupFiles files, Path directory, CgroupPath name) {
    this.files = files;
    this.directory = directory;
    this.name = name;
  }

  void apply(Resources r) throws IOException {
    List<DeviceRule> devices = r.devices();
    if (devices != null) {
      files.attachDeviceProgram(directory, DeviceProgram.of(DeviceAccess.of(devices)));
    }
    if (r.pids() != 0) {
      write("pids.max", limit(r.pids()));
    }
    memory(r.memory());
    cpu(r.cpu());
    io(r.io());
    for (HugepageLimit limit : r.hugepages()) {
      hugepages(limit);
    }
    // last: what is said in the kernel's own words wins
    for (Map.Entry<String, String> file : r.unified().entrySet()) {
      write(file.getKey(), file.getValue());
    }
  }

  private static String limit(long value) {
    return value < 0 ? MAX : Long.toString(value);
  }

  private void write(String file, String value) throws IOException {
    try {
      files.write(directory.resolve(file), value);
    } catch (ErrnoException e) {
      if (!e.is(Errno.ENOENT)) {
        throw e;
      }
      throw new IOException(
          "cgroup "
              + name
              + ": "
              + file
              + " can't be set to "
              + value
              + ": the kernel has no such file; either it doesn't know it or the "
              + file.substring(0, Math.max(0, file.indexOf('.')))
              + " controller isn't passed down to "
              + name.parent(),
          e);
    }
  }

  private void memory(Memory memory) throws IOException {
    if (memory.memoryAndSwap() != 0 || memory.limit() == Resources.UNLIMITED) {
      swap(memory);
    }
    if (memory.limit() != 0) {
      write("memory.max", limit(memory.limit()));
    }
    if (memory.oomGroup()) {
      write("memory.oom.group", "1");
    }
  }

  /** OCI counts memory and swap together, the kernel swap alone. */
  private void swap(Memory memory) throws IOException {
    long sum = memory.memoryAndSwap() == 0 ? Resources.UNLIMITED : memory.memoryAndSwap();
    long limit =
        memory.limit() != 0 ? memory.limit() : new Values(files, directory).number("memory.max");
    if (sum > 0 && limit > 0 && sum < limit) {
      throw new IllegalArgumentException(
          "cgroup "
              + name
              + ": memory and swap ("
              + sum
              + ") are less than memory ("
              + limit
              + ")");
    }
    String swap = sum < 0 ? MAX : Long.toString(limit > 0 ? sum - limit : sum);
    Path file = directory.resolve("memory.swap.max");
    boolean nothingToLimit = swap.equals(MAX) || swap.equals("0");
    if (nothingToLimit && !files.exists(file)) {
      return; // a kernel without swap accounting
    }
    write("memory.swap.max", swap);
  }

  private void cpu(Cpu cpu) throws IOException {
    if (cpu.realtimePeriodMicros() != 0 || cpu.realtimeRuntimeMicros() != 0) {
      throw new IllegalArgumentException(
          "cgroup " + name + ": realtime CPU limits need cgroup v1; this host has v2");
    }
    if (cpu.shares() != 0) {
      write("cpu.weight", Long.toString(CpuWeight.ofShares(cpu.shares())));
    }
    if (cpu.quotaMicros() != 0 || cpu.periodMicros() != 0) {
      // both stand in one file: what isn't said stays
      List<String> now = new Values(files, directory).words("cpu.max");
      String quota =
          cpu.quotaMicros() != 0 ? limit(cpu.quotaMicros()) : now.isEmpty() ? MAX : now.getFirst();
      String period =
          cpu.periodMicros() != 0
              ? Long.toString(cpu.periodMicros())
              : now.size() < 2 ? Long.toString(DEFAULT_PERIOD) : now.get(1);
      write("cpu.max", quota + " " + period);
    }
    if (!cpu.cpus().isEmpty()) {
      write("cpuset.cpus", cpu.cpus());
    }
    if (!cpu.mems().isEmpty()) {
      write("cpuset.mems", cpu.mems());
    }
  }

  private void io(Resources.BlockIo io) throws IOException {
    if (io.weight() != 0) {
      if (files.exists(directory.resolve("io.bfq.weight"))) {
        write("io.bfq.weight", Integer.toString(io.weight()));
      } else {
        write("io.weight", Long.toString(CpuWeight.ofBlockIoWeight(io.weight())));
      }
    }
    for (Resources.Throttle t : io.throttles()) {
      String rate = t.rate() == 0 ? MAX : Long.toString(t.rate());
      write("io.max", t.major() + ":" + t.minor() + " " + t.kind().v2Key() + "=" + rate);
    }
  }

  private void hugepages(HugepageLimit limit) throws IOException {
    String prefix = "hugetlb." + limit.pageSize();
    if (!files.exists(directory.resolve(prefix + ".max"))) {
      return; // the kubelet sends zero for all sizes; containerd tolerates it likewise
    }
    write(prefix + ".max", Long.toString(limit.bytes()));
    if (files.exists(directory.resolve(prefix + ".rsvd.max"))) {
      write(prefix + ".rsvd.max", Long.toString(limit.bytes()));
    }
  }
}
