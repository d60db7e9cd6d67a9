package io.crema.server.translate;

import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerResources;
import io.crema.sandbox.model.HugepageLimit;
import io.crema.server.cri.LinuxContainerResources;
import java.util.ArrayList;
import java.util.List;

/** Limits of pods and containers. */
public final class ResourceTranslation {
  private ResourceTranslation() {}

  /** Zero and empty stay what they are: unset. */
  public static ContainerResources toModel(String field, LinuxContainerResources proto)
      throws SandboxException {
    List<HugepageLimit> hugepages = new ArrayList<>();
    for (var limit : proto.getHugepageLimitsList()) {
      Fields.required(field + ".hugepage_limits.page_size", limit.getPageSize());
      hugepages.add(new HugepageLimit(limit.getPageSize(), limit.getLimit()));
    }
    notNegative(field + ".cpu_period", proto.getCpuPeriod());
    notNegative(field + ".cpu_shares", proto.getCpuShares());
    if (proto.getOomScoreAdj() < -1000 || proto.getOomScoreAdj() > 1000) {
      throw Fields.invalid(
          field + ".oom_score_adj", proto.getOomScoreAdj() + " is not within -1000..1000");
    }
    return new ContainerResources(
        proto.getCpuPeriod(),
        proto.getCpuQuota(),
        proto.getCpuShares(),
        proto.getMemoryLimitInBytes(),
        proto.getOomScoreAdj(),
        proto.getCpusetCpus(),
        proto.getCpusetMems(),
        hugepages,
        proto.getUnifiedMap(),
        proto.getMemorySwapLimitInBytes());
  }

  /** The limits as the client may read them back. */
  public static LinuxContainerResources toProto(ContainerResources model) {
    LinuxContainerResources.Builder proto =
        LinuxContainerResources.newBuilder()
            .setCpuPeriod(model.cpuPeriod())
            .setCpuQuota(model.cpuQuota())
            .setCpuShares(model.cpuShares())
            .setMemoryLimitInBytes(model.memoryLimit())
            .setOomScoreAdj(model.oomScoreAdj())
            .setCpusetCpus(model.cpusetCpus())
            .setCpusetMems(model.cpusetMems())
            .putAllUnified(model.unified())
            .setMemorySwapLimitInBytes(model.memorySwapLimit());
    for (HugepageLimit limit : model.hugepageLimits()) {
      proto.addHugepageLimits(
          io.crema.server.cri.HugepageLimit.newBuilder()
              .setPageSize(limit.pageSize())
              .setLimit(limit.limit()));
    }
    return proto.build();
  }

  private static void notNegative(String field, long value) throws SandboxException {
    if (value < 0) {
      throw Fields.invalid(field, value + " is negative");
    }
  }
}
