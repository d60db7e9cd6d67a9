package io.crema.runtime.cgroup;

import io.crema.runtime.cgroup.Resources.BlockIo;
import io.crema.runtime.cgroup.Resources.Cpu;
import io.crema.runtime.cgroup.Resources.HugepageLimit;
import io.crema.runtime.cgroup.Resources.Memory;
import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Writes {@link Resources} into the files of v1. Orders of writing as runc's (cgroups/fs). */
final class V1Limits {
  private final V1Cgroup group;
  private final CgroupFiles files;

  /** Whether nobody has limited the group before. */
  private final boolean fresh;

  V1Limits(V1Cgroup group, boolean fresh) {
    this.group = group;
    this.files = group.files();
    this.fresh = fresh;
  }

  void apply(Resources r) throws IOException {
    List<DeviceRule> devices = r.devices();
    if (devices != null) {
      devices(devices);
    }
    cpu(r.cpu());
    cpuset(r.cpu());
    memory(r.memory());
    if (r.pids() != 0) {
      files.write(need("pids").resolve("pids.max"), limit(r.pids(), "max"));
    }
    blockIo(r.io());
    for (HugepageLimit limit : r.hugepages()) {
      hugepages(limit);
    }
  }

  private Path need(String controller) throws IOException {
    Path directory = group.directory(controller);
    if (directory == null) {
      throw new IOException(
          "cgroup " + group.path() + ": this host has no " + controller + " controller");
    }
    return directory;
  }

  private static String limit(long value, String none) {
    return value < 0 ? none : Long.toString(value);
  }

  private void devices(List<DeviceRule> rules) throws IOException {
    DeviceAccess access = DeviceAccess.of(rules);
    if (fresh && access.allowByDefault() && access.exceptions().isEmpty()) {
      return; // as the group above it, which is all that it could have
    }
    Path directory = need("devices");
    files.write(directory.resolve(access.allowByDefault() ? "devices.allow" : "devices.deny"), "a");
    Path exceptions = directory.resolve(access.allowByDefault() ? "devices.deny" : "devices.allow");
    for (String line : access.v1Lines()) {
      files.write(exceptions, line);
    }
  }

  private void cpu(Cpu cpu) throws IOException {
    boolean quota = cpu.quotaMicros() != 0;
    if (cpu.realtimePeriodMicros() != 0) {
      files.write(need("cpu").resolve("cpu.rt_period_us"), cpu.realtimePeriodMicros() + "");
    }
    if (cpu.realtimeRuntimeMicros() != 0) {
      files.write(need("cpu").resolve("cpu.rt_runtime_us"), cpu.realtimeRuntimeMicros() + "");
    }
    if (cpu.shares() != 0) {
      files.write(need("cpu").resolve("cpu.shares"), Long.toString(cpu.shares()));
    }
    boolean periodLater = false;
    Path period = null;
    if (cpu.periodMicros() != 0) {
      period = need("cpu").resolve("cpu.cfs_period_us");
      try {
        files.write(period, Long.toString(cpu.periodMicros()));
      } catch (ErrnoException e) {
        // the old quota in the new period may be more than the parent has; the new quota may not
        if (!e.is(Errno.EINVAL) || !quota) {
          throw e;
        }
        periodLater = true;
      }
    }
    if (quota) {
      files.write(need("cpu").resolve("cpu.cfs_quota_us"), limit(cpu.quotaMicros(), "-1"));
    }
    if (periodLater && period != null) {
      files.write(period, Long.toString(cpu.periodMicros()));
    }
  }

  private void cpuset(Cpu cpu) throws IOException {
    if (!cpu.cpus().isEmpty()) {
      files.write(need("cpuset").resolve("cpuset.cpus"), cpu.cpus());
    }
    if (!cpu.mems().isEmpty()) {
      files.write(need("cpuset").resolve("cpuset.mems"), cpu.mems());
    }
  }

  private void memory(Memory memory) throws IOException {
    long swap = group.limitsSwap() ? memory.memoryAndSwap() : 0;
    if (memory.limit() == Resources.UNLIMITED && swap == 0 && group.limitsSwap()) {
      swap = Resources.UNLIMITED; // else the sum would stay a limit of memory too
    }
    if (memory.limit() == 0 && swap == 0) {
      return;
    }
    Path directory = need("memory");
    boolean sumFirst = false;
    if (memory.limit() != 0 && swap != 0) {
      // the sum may at no moment be below memory alone (mem_cgroup_resize_max)
      long now = new Values(files, directory).number("memory.limit_in_bytes");
      sumFirst = swap < 0 || (now >= 0 && now < swap);
    }
    if (sumFirst) {
      sum(directory, swap);
    }
    if (memory.limit() != 0) {
      memoryLimit(directory, memory.limit());
    }
    if (!sumFirst && swap != 0) {
      sum(directory, swap);
    }
  }

  private void sum(Path directory, long value) throws IOException {
    files.write(directory.resolve("memory.memsw.limit_in_bytes"), limit(value, "-1"));
  }

  private void memoryLimit(Path directory, long value) throws IOException {
    try {
      files.write(directory.resolve("memory.limit_in_bytes"), limit(value, "-1"));
    } catch (ErrnoException e) {
      if (!e.is(Errno.EBUSY)) {
        throw e;
      }
      Values now = new Values(files, directory);
      throw new IOException(
          "cgroup "
              + group.path()
              + ": memory can't be limited to "
              + value
              + " bytes: "
              + now.number("memory.usage_in_bytes")
              + " are in use (peak "
              + now.number("memory.max_usage_in_bytes")
              + ")",
          e);
    }
  }

  private void blockIo(BlockIo io) throws IOException {
    if (io.weight() != 0) {
      Path directory = need("blkio");
      // whichever scheduler the kernel has; BFQ took over from CFQ
      Path bfq = directory.resolve("blkio.bfq.weight");
      files.write(
          files.exists(bfq) ? bfq : directory.resolve("blkio.weight"),
          Integer.toString(io.weight()));
    }
    for (Resources.Throttle t : io.throttles()) {
      files.write(
          need("blkio").resolve(t.kind().v1File()), t.major() + ":" + t.minor() + " " + t.rate());
    }
  }

  private void hugepages(HugepageLimit limit) throws IOException {
    Path directory = group.directory("hugetlb");
    if (directory == null) {
      return; // the kubelet sends zero for all sizes; containerd tolerates it likewise
    }
    String prefix = "hugetlb." + limit.pageSize();
    String value = Long.toString(limit.bytes());
    files.write(directory.resolve(prefix + ".limit_in_bytes"), value);
    Path reserved = directory.resolve(prefix + ".rsvd.limit_in_bytes");
    if (files.exists(reserved)) {
      files.write(reserved, value);
    }
  }
}
