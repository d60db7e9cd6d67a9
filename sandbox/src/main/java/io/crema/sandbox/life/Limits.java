package io.crema.sandbox.life;

import io.crema.runtime.cgroup.DeviceRule;
import io.crema.runtime.cgroup.Resources;
import io.crema.sandbox.model.ContainerResources;
import io.crema.sandbox.model.HugepageLimit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The CRI's resources as a cgroup's, and back. */
final class Limits {
  private Limits() {}

  /** For a group; {@code devices} of null leaves what is in force. */
  static Resources of(ContainerResources r, @Nullable List<DeviceRule> devices) {
    return new Resources(
        new Resources.Cpu(
            r.cpuShares(), r.cpuQuota(), r.cpuPeriod(), 0, 0, r.cpusetCpus(), r.cpusetMems()),
        // The kubelet asks for memory.oom.group by unified; without it only one process is killed.
        new Resources.Memory(r.memoryLimit(), memoryAndSwap(r), false),
        0,
        r.hugepageLimits().stream()
            .map(h -> new Resources.HugepageLimit(h.pageSize(), h.limit()))
            .toList(),
        Resources.BlockIo.NONE,
        devices,
        r.unified());
  }

  /** As containerd: what has a limit of memory, and none that counts swap too, doesn't swap. */
  private static long memoryAndSwap(ContainerResources r) {
    return r.memorySwapLimit() == 0 ? r.memoryLimit() : r.memorySwapLimit();
  }

  /** {@code now} with what {@code change} sets; zero and empty leave. */
  static ContainerResources merge(ContainerResources now, ContainerResources change) {
    return new ContainerResources(
        pick(now.cpuPeriod(), change.cpuPeriod()),
        pick(now.cpuQuota(), change.cpuQuota()),
        pick(now.cpuShares(), change.cpuShares()),
        pick(now.memoryLimit(), change.memoryLimit()),
        pick(now.oomScoreAdj(), change.oomScoreAdj()),
        pick(now.cpusetCpus(), change.cpusetCpus()),
        pick(now.cpusetMems(), change.cpusetMems()),
        change.hugepageLimits().isEmpty() ? now.hugepageLimits() : hugepages(now, change),
        unified(now.unified(), change.unified()),
        pick(now.memorySwapLimit(), change.memorySwapLimit()));
  }

  private static Map<String, String> unified(Map<String, String> now, Map<String, String> change) {
    Map<String, String> out = new HashMap<>(now);
    out.putAll(change);
    return out;
  }

  private static List<HugepageLimit> hugepages(ContainerResources now, ContainerResources change) {
    List<HugepageLimit> out = new java.util.ArrayList<>(change.hugepageLimits());
    for (HugepageLimit old : now.hugepageLimits()) {
      if (change.hugepageLimits().stream().noneMatch(h -> h.pageSize().equals(old.pageSize()))) {
        out.add(old);
      }
    }
    return out;
  }

  private static long pick(long now, long change) {
    return change == 0 ? now : change;
  }

  private static String pick(String now, String change) {
    return change.isEmpty() ? now : change;
  }
}
