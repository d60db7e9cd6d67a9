package io.crema.server.manifest;

import io.crema.server.cri.LinuxContainerResources;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Limits and requests as the kubelet makes cgroup values of them (cm/helpers_linux.go). */
final class ResourceTranslator {
  private static final long PERIOD_MICROS = 100_000;
  private static final long MIN_QUOTA_MICROS = 1000;
  private static final long MIN_SHARES = 2;
  private static final long MAX_SHARES = 262_144;

  private ResourceTranslator() {}

  static LinuxContainerResources translate(@Nullable ResourceRequirements resources) {
    LinuxContainerResources.Builder proto = LinuxContainerResources.newBuilder();
    if (resources == null) {
      return proto.setCpuShares(MIN_SHARES).setOomScoreAdj(1000).build();
    }
    Map<String, Quantity> limits = orEmpty(resources.getLimits());
    Map<String, Quantity> requests = orEmpty(resources.getRequests());
    long cpuLimit = millis(limits.get("cpu"));
    long cpuRequest = requests.containsKey("cpu") ? millis(requests.get("cpu")) : cpuLimit;
    proto.setCpuShares(Math.clamp(cpuRequest * 1024 / 1000, MIN_SHARES, MAX_SHARES));
    if (cpuLimit > 0) {
      proto.setCpuPeriod(PERIOD_MICROS);
      proto.setCpuQuota(Math.max(MIN_QUOTA_MICROS, cpuLimit * PERIOD_MICROS / 1000));
    }
    proto.setMemoryLimitInBytes(bytes(limits.get("memory")));
    // Best effort goes first when memory ends, guaranteed last (qos/policy.go).
    boolean guaranteed = cpuLimit > 0 && limits.containsKey("memory") && requests.isEmpty();
    boolean bestEffort = limits.isEmpty() && requests.isEmpty();
    proto.setOomScoreAdj(guaranteed ? -997 : bestEffort ? 1000 : 500);
    return proto.build();
  }

  private static long millis(@Nullable Quantity quantity) {
    return quantity == null
        ? 0
        : Quantity.getAmountInBytes(quantity)
            .multiply(BigDecimal.valueOf(1000))
            .setScale(0, RoundingMode.UP)
            .longValueExact();
  }

  private static long bytes(@Nullable Quantity quantity) {
    return quantity == null
        ? 0
        : Quantity.getAmountInBytes(quantity).setScale(0, RoundingMode.UP).longValueExact();
  }

  private static Map<String, Quantity> orEmpty(@Nullable Map<String, Quantity> map) {
    return map == null ? Map.of() : map;
  }
}
