package io.crema.sandbox.life;

import io.crema.runtime.cgroup.Cgroup;
import io.crema.runtime.cgroup.CgroupPath;
import io.crema.runtime.cgroup.CgroupStats;
import io.crema.runtime.cgroup.CgroupUsage;
import io.crema.runtime.linux.Paths;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.model.DetailedPodStats;
import io.crema.sandbox.model.DetailedStats;
import io.crema.sandbox.model.LayerUsage;
import io.crema.sandbox.model.PodFilter;
import io.crema.sandbox.model.PodState;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What metrics are made of: more of everything than statistics, and asked for less often. */
public final class Metrics {
  private static final Logger LOG = System.getLogger("io.crema.sandbox");

  private final Node node;
  private final Statuses statuses;
  private final Stats stats;
  private final LayerCounts layers;
  private final Paths paths = Paths.linux();

  Metrics(Node node, Statuses statuses, Stats stats, LayerCounts layers) {
    this.node = node;
    this.statuses = statuses;
    this.stats = stats;
    this.layers = layers;
  }

  /** Of all pods that are ready. */
  public List<DetailedPodStats> pods() throws InterruptedException {
    BlockDevices devices = new BlockDevices();
    List<DetailedPodStats> out = new ArrayList<>();
    PodFilter ready = new PodFilter("", PodState.READY, Map.of());
    for (Pod pod : statuses.matching(ready).toList()) {
      List<DetailedStats> containers = new ArrayList<>();
      for (Container container : pod.containers()) {
        if (container.state() == ContainerState.RUNNING) {
          add(container, devices, containers);
        }
      }
      out.add(
          new DetailedPodStats(
              Statuses.of(pod), pod.config().cgroupParent(), stats.interfaces(pod), containers));
    }
    return out;
  }

  private void add(Container container, BlockDevices devices, List<DetailedStats> into)
      throws InterruptedException {
    try {
      into.add(of(container, devices));
    } catch (NoSuchFileException e) {
      LOG.log(Level.DEBUG, "{0} has ended while it was measured", container.display());
    } catch (IOException e) {
      LOG.log(Level.WARNING, container.display() + ": no metrics", e);
    }
  }

  private DetailedStats of(Container container, BlockDevices devices)
      throws IOException, InterruptedException {
    Cgroup cgroup = node.cgroups().open(new CgroupPath(container.record().cgroup()));
    CgroupUsage usage = cgroup.usage();
    CgroupStats all = cgroup.stats();
    CgroupStats.Cpu cpu = all.cpu();
    CgroupStats.Memory m = all.memory();
    List<Integer> pids = cgroup.processes();
    ProcessFiles.Descriptors descriptors = ProcessFiles.descriptors(pids);
    List<DetailedStats.DeviceIo> io = new ArrayList<>();
    for (CgroupStats.DeviceIo d : all.io()) {
      io.add(
          new DetailedStats.DeviceIo(
              devices.name(d.major(), d.minor()),
              d.major(),
              d.minor(),
              d.readBytes(),
              d.writeBytes(),
              d.reads(),
              d.writes()));
    }
    return new DetailedStats(
        Statuses.of(container),
        container.record().cgroup(),
        new DetailedStats.Cpu(
            cpu.usageNanos(),
            cpu.userNanos(),
            cpu.systemNanos(),
            cpu.periods(),
            cpu.throttledPeriods(),
            cpu.throttledNanos()),
        new DetailedStats.Memory(
            m.usage(),
            m.workingSet(),
            m.rss(),
            m.cache(),
            m.mappedFile(),
            m.swap(),
            m.activeFile(),
            m.inactiveFile(),
            m.kernel(),
            m.peak(),
            m.failures(),
            m.pageFaults(),
            m.majorPageFaults(),
            cgroup.oomKills()),
        new DetailedStats.Processes(
            pids.size(),
            all.pids().current(),
            Math.max(0, all.pids().limit()),
            descriptors.all(),
            descriptors.sockets(),
            ProcessFiles.openFilesLimit(container.record().pid())),
        io,
        disk(container, devices),
        new DetailedStats.Pressures(
            Stats.pressure(usage.cpuPressure()),
            Stats.pressure(usage.memoryPressure()),
            Stats.pressure(usage.ioPressure())));
  }

  private DetailedStats.Disk disk(Container container, BlockDevices devices)
      throws IOException, InterruptedException {
    layers.refresh(container);
    LayerUsage layer = layers.of(container, Duration.ZERO);
    if (layer.path().isEmpty()) {
      return new DetailedStats.Disk("", -1, -1, -1, -1);
    }
    Paths.FileSystem system = paths.statfs(layer.path());
    Paths.Stat stat = paths.stat(null, layer.path());
    return new DetailedStats.Disk(
        devices.name(stat.devMajor(), stat.devMinor()),
        layer.bytes(),
        system.blocks() * system.blockSize(),
        system.files(),
        system.freeFiles());
  }
}
