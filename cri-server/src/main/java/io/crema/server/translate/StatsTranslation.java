package io.crema.server.translate;

import io.crema.sandbox.model.ContainerFilter;
import io.crema.sandbox.model.ContainerStats;
import io.crema.sandbox.model.ContainerStatus;
import io.crema.sandbox.model.LayerUsage;
import io.crema.sandbox.model.PodFilter;
import io.crema.sandbox.model.PodStats;
import io.crema.sandbox.model.PodStatus;
import io.crema.sandbox.model.ResourceUsage;
import io.crema.server.cri.ContainerAttributes;
import io.crema.server.cri.ContainerStatsFilter;
import io.crema.server.cri.CpuUsage;
import io.crema.server.cri.FilesystemIdentifier;
import io.crema.server.cri.FilesystemUsage;
import io.crema.server.cri.IoUsage;
import io.crema.server.cri.LinuxPodSandboxStats;
import io.crema.server.cri.MemoryUsage;
import io.crema.server.cri.NetworkInterfaceUsage;
import io.crema.server.cri.NetworkUsage;
import io.crema.server.cri.PodSandboxAttributes;
import io.crema.server.cri.PodSandboxStats;
import io.crema.server.cri.PodSandboxStatsFilter;
import io.crema.server.cri.ProcessUsage;
import io.crema.server.cri.PsiData;
import io.crema.server.cri.PsiStats;
import io.crema.server.cri.SwapUsage;
import io.crema.server.cri.UInt64Value;
import java.util.List;
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

  /** A container; one that doesn't run has its names and its layer. */
  public static io.crema.server.cri.ContainerStats toProto(ContainerStats stats) {
    io.crema.server.cri.ContainerStats.Builder proto =
        io.crema.server.cri.ContainerStats.newBuilder()
            .setAttributes(attributes(stats.container()))
            .setWritableLayer(layer(stats.layer()));
    @Nullable ResourceUsage usage = stats.usage();
    if (usage != null) {
      SwapUsage.Builder swap = SwapUsage.newBuilder().setTimestamp(usage.timestamp());
      known(usage.swap(), swap::setSwapUsageBytes);
      known(usage.swapAvailable(), swap::setSwapAvailableBytes);
      proto.setCpu(cpu(usage)).setMemory(memory(usage)).setSwap(swap);
      @Nullable IoUsage io = io(usage);
      if (io != null) {
        proto.setIo(io);
      }
    }
    return proto.build();
  }

  /** A pod that is ready. */
  public static PodSandboxStats toProto(PodStats stats) {
    ResourceUsage usage = stats.usage();
    LinuxPodSandboxStats.Builder linux =
        LinuxPodSandboxStats.newBuilder().setCpu(cpu(usage)).setMemory(memory(usage));
    ProcessUsage.Builder processes = ProcessUsage.newBuilder().setTimestamp(usage.timestamp());
    known(usage.pids(), processes::setProcessCount);
    linux.setProcess(processes);
    @Nullable IoUsage io = io(usage);
    if (io != null) {
      linux.setIo(io);
    }
    if (!stats.interfaces().isEmpty()) {
      linux.setNetwork(network(usage.timestamp(), stats.interfaces()));
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

  private static FilesystemUsage layer(LayerUsage usage) {
    FilesystemUsage.Builder layer =
        FilesystemUsage.newBuilder()
            .setTimestamp(usage.timestamp())
            .setFsId(FilesystemIdentifier.newBuilder().setMountpoint(usage.path()));
    known(usage.bytes(), layer::setUsedBytes);
    known(usage.inodes(), layer::setInodesUsed);
    return layer.build();
  }

  private static CpuUsage cpu(ResourceUsage usage) {
    CpuUsage.Builder cpu = CpuUsage.newBuilder().setTimestamp(usage.timestamp());
    known(usage.cpu(), cpu::setUsageCoreNanoSeconds);
    known(usage.cpuRate(), cpu::setUsageNanoCores);
    ResourceUsage.@Nullable Pressure pressure = usage.cpuPressure();
    if (pressure != null) {
      cpu.setPsi(psi(pressure));
    }
    return cpu.build();
  }

  private static MemoryUsage memory(ResourceUsage usage) {
    MemoryUsage.Builder memory = MemoryUsage.newBuilder().setTimestamp(usage.timestamp());
    known(usage.memory(), memory::setUsageBytes);
    known(usage.workingSet(), memory::setWorkingSetBytes);
    known(usage.available(), memory::setAvailableBytes);
    known(usage.rss(), memory::setRssBytes);
    known(usage.pageFaults(), memory::setPageFaults);
    known(usage.majorPageFaults(), memory::setMajorPageFaults);
    ResourceUsage.@Nullable Pressure pressure = usage.memoryPressure();
    if (pressure != null) {
      memory.setPsi(psi(pressure));
    }
    return memory.build();
  }

  /** Nothing but pressure: null without it. */
  private static @Nullable IoUsage io(ResourceUsage usage) {
    ResourceUsage.@Nullable Pressure pressure = usage.ioPressure();
    return pressure == null
        ? null
        : IoUsage.newBuilder().setTimestamp(usage.timestamp()).setPsi(psi(pressure)).build();
  }

  private static PsiStats psi(ResourceUsage.Pressure pressure) {
    return PsiStats.newBuilder()
        .setFull(psi(pressure.full()))
        .setSome(psi(pressure.some()))
        .build();
  }

  private static PsiData psi(ResourceUsage.Stall stall) {
    return PsiData.newBuilder()
        .setTotal(stall.total())
        .setAvg10(stall.avg10())
        .setAvg60(stall.avg60())
        .setAvg300(stall.avg300())
        .build();
  }

  /** The default interface is the first. */
  private static NetworkUsage network(long at, List<PodStats.NetworkUsage> interfaces) {
    NetworkUsage.Builder network = NetworkUsage.newBuilder().setTimestamp(at);
    for (PodStats.NetworkUsage usage : interfaces) {
      NetworkInterfaceUsage.Builder face =
          NetworkInterfaceUsage.newBuilder().setName(usage.interfaceName());
      known(usage.rxBytes(), face::setRxBytes);
      known(usage.rxErrors(), face::setRxErrors);
      known(usage.txBytes(), face::setTxBytes);
      known(usage.txErrors(), face::setTxErrors);
      network.addInterfaces(face);
    }
    return network.setDefaultInterface(network.getInterfaces(0)).build();
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
