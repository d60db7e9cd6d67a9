package io.crema.server.translate;

import io.crema.sandbox.model.ContainerFilter;
import io.crema.sandbox.model.ContainerStats;
import io.crema.sandbox.model.ContainerStatus;
import io.crema.sandbox.model.PodFilter;
import io.crema.sandbox.model.PodStats;
import io.crema.sandbox.model.PodStatus;
import io.crema.server.cri.ContainerAttributes;
import io.crema.server.cri.ContainerStatsFilter;
import io.crema.server.cri.CpuUsage;
import io.crema.server.cri.FilesystemIdentifier;
import io.crema.server.cri.FilesystemUsage;
import io.crema.server.cri.LinuxPodSandboxStats;
import io.crema.server.cri.MemoryUsage;
import io.crema.server.cri.NetworkInterfaceUsage;
import io.crema.server.cri.NetworkUsage;
import io.crema.server.cri.PodSandboxAttributes;
import io.crema.server.cri.PodSandboxStats;
import io.crema.server.cri.PodSandboxStatsFilter;
import io.crema.server.cri.ProcessUsage;
import io.crema.server.cri.SwapUsage;
import io.crema.server.cri.UInt64Value;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Figures of pods and containers; what the kernel doesn't tell (-1) stays unset. */
public final class StatsTranslation {
  private StatsTranslation() {}

  /** Which containers a client wants figures of. */
  public static ContainerFilter filter(ContainerStatsFilter proto) {
    return new ContainerFilter(
        proto.getId(), null, proto.getPodSandboxId(), proto.getLabelSelectorMap());
  }

  /** Which pods a client wants figures of. */
  public static PodFilter filter(PodSandboxStatsFilter proto) {
    return new PodFilter(proto.getId(), null, proto.getLabelSelectorMap());
  }

  /** A container that runs. */
  public static io.crema.server.cri.ContainerStats toProto(ContainerStats stats) {
    long at = stats.timestamp();
    FilesystemUsage.Builder layer = FilesystemUsage.newBuilder().setTimestamp(at);
    layer.setFsId(FilesystemIdentifier.newBuilder().setMountpoint(stats.writablePath()));
    known(stats.writableBytes(), layer::setUsedBytes);
    known(stats.writableInodes(), layer::setInodesUsed);
    SwapUsage.Builder swap = SwapUsage.newBuilder().setTimestamp(at);
    known(stats.swapUsage(), swap::setSwapUsageBytes);
    known(stats.swapAvailable(), swap::setSwapAvailableBytes);
    MemoryUsage.Builder memory =
        memory(
            at,
            stats.memoryUsage(),
            stats.workingSet(),
            stats.rss(),
            stats.pageFaults(),
            stats.majorPageFaults());
    known(stats.memoryAvailable(), memory::setAvailableBytes);
    return io.crema.server.cri.ContainerStats.newBuilder()
        .setAttributes(attributes(stats.container()))
        .setCpu(cpu(at, stats.cpuUsage()))
        .setMemory(memory)
        .setWritableLayer(layer)
        .setSwap(swap)
        .build();
  }

  /** A container that doesn't run has no figures, only its names. */
  public static io.crema.server.cri.ContainerStats toProto(ContainerStatus container) {
    return io.crema.server.cri.ContainerStats.newBuilder()
        .setAttributes(attributes(container))
        .build();
  }

  /** A pod that is ready. */
  public static PodSandboxStats toProto(PodStats stats) {
    long at = stats.timestamp();
    LinuxPodSandboxStats.Builder linux =
        LinuxPodSandboxStats.newBuilder()
            .setCpu(cpu(at, stats.cpuUsage()))
            .setMemory(
                memory(
                    at,
                    stats.memoryUsage(),
                    stats.workingSet(),
                    stats.rss(),
                    stats.pageFaults(),
                    stats.majorPageFaults()));
    ProcessUsage.Builder processes = ProcessUsage.newBuilder().setTimestamp(at);
    known(stats.pids(), processes::setProcessCount);
    linux.setProcess(processes);
    PodStats.@Nullable NetworkUsage network = stats.network();
    if (network != null) {
      linux.setNetwork(network(at, network));
    }
    stats.containers().forEach(container -> linux.addContainers(toProto(container)));
    return PodSandboxStats.newBuilder()
        .setAttributes(attributes(stats.pod()))
        .setLinux(linux)
        .build();
  }

  /** A pod that isn't ready has no figures, only its names. */
  public static PodSandboxStats toProto(PodStatus pod) {
    return PodSandboxStats.newBuilder().setAttributes(attributes(pod)).build();
  }

  private static CpuUsage.Builder cpu(long at, long usage) {
    CpuUsage.Builder cpu = CpuUsage.newBuilder().setTimestamp(at);
    known(usage, cpu::setUsageCoreNanoSeconds);
    return cpu;
  }

  private static MemoryUsage.Builder memory(
      long at, long usage, long workingSet, long rss, long faults, long majorFaults) {
    MemoryUsage.Builder memory = MemoryUsage.newBuilder().setTimestamp(at);
    known(usage, memory::setUsageBytes);
    known(workingSet, memory::setWorkingSetBytes);
    known(rss, memory::setRssBytes);
    known(faults, memory::setPageFaults);
    known(majorFaults, memory::setMajorPageFaults);
    return memory;
  }

  private static NetworkUsage.Builder network(long at, PodStats.NetworkUsage usage) {
    NetworkInterfaceUsage.Builder face =
        NetworkInterfaceUsage.newBuilder().setName(usage.interfaceName());
    known(usage.rxBytes(), face::setRxBytes);
    known(usage.rxErrors(), face::setRxErrors);
    known(usage.txBytes(), face::setTxBytes);
    known(usage.txErrors(), face::setTxErrors);
    return NetworkUsage.newBuilder().setTimestamp(at).setDefaultInterface(face).addInterfaces(face);
  }

  private static ContainerAttributes attributes(ContainerStatus container) {
    return ContainerAttributes.newBuilder()
        .setId(container.id())
        .setMetadata(ContainerTranslation.metadata(container.config().metadata()))
        .putAllLabels(container.config().labels())
        .putAllAnnotations(container.config().annotations())
        .build();
  }

  private static PodSandboxAttributes attributes(PodStatus pod) {
    return PodSandboxAttributes.newBuilder()
        .setId(pod.id())
        .setMetadata(PodTranslation.metadata(pod.config().metadata()))
        .putAllLabels(pod.config().labels())
        .putAllAnnotations(pod.config().annotations())
        .build();
  }

  private static void known(long value, Consumer<UInt64Value> set) {
    if (value >= 0) {
      set.accept(UInt64Value.newBuilder().setValue(value).build());
    }
  }
}
