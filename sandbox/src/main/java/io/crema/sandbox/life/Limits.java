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
        new Resources.Memory(r.memoryLimit(), r.memorySwapLimit(), true),
        0,
        r.hugepageLimits().stream()
            .map(h -> new Resources.HugepageLimit(h.pageSize(), h.limit()))
            .toList(),
        Resources.BlockIo.NONE,
        devices,
        r.unified());
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
