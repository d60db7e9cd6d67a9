package io.crema.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.runtime.cgroup.Resources.BlockIo;
import io.crema.runtime.cgroup.Resources.Cpu;
import io.crema.runtime.cgroup.Resources.HugepageLimit;
import io.crema.runtime.cgroup.Resources.Memory;
import io.crema.runtime.linux.Errno;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The drivers of v1 and hybrid hosts on recorded directory trees. */
class V1RecordedTest {
  private static final String MOUNTINFO =
      """
      30 25 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:4 - tmpfs tmpfs ro,mode=755
      31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:5 - cgroup2 cgroup2 rw,nsdelegate
      32 30 0:28 / /sys/fs/cgroup/systemd rw shared:6 - cgroup cgroup rw,xattr,name=systemd
      36 30 0:32 / /sys/fs/cgroup/cpu,cpuacct rw shared:10 - cgroup cgroup rw,cpu,cpuacct
      37 30 0:33 / /sys/fs/cgroup/cpuset rw shared:11 - cgroup cgroup rw,cpuset
      38 30 0:34 / /sys/fs/cgroup/memory rw shared:12 - cgroup cgroup rw,memory
      39 30 0:35 / /sys/fs/cgroup/devices rw shared:13 - cgroup cgroup rw,devices
      40 30 0:36 / /sys/fs/cgroup/pids rw shared:14 - cgroup cgroup rw,pids
      41 30 0:37 / /sys/fs/cgroup/hugetlb rw shared:15 - cgroup cgroup rw,hugetlb
      42 30 0:38 / /sys/fs/cgroup/blkio rw shared:16 - cgroup cgroup rw,blkio
      43 30 0:39 / /sys/fs/cgroup/net_cls,net_prio rw shared:17 - cgroup cgroup rw,net_cls,net_prio
      """;
  private static final Map<String, Map<String, String>> KERNEL =
      Map.of(
          "cpu,cpuacct",
          Map.of(
              "cpu.shares", "1024",
              "cpu.cfs_quota_us", "-1",
              "cpu.cfs_period_us", "100000",
              "cpu.stat", "nr_periods 10\nnr_throttled 2\nthrottled_time 3000000",
              "cpuacct.usage", "5000000",
              "cpuacct.usage_user", "3000000",
              "cpuacct.usage_sys", "2000000"),
          "cpuset",
          Map.of("cpuset.cpus", "", "cpuset.mems", ""),
          "memory",
          Map.of(
              "memory.limit_in_bytes", "9223372036854771712",
              "memory.memsw.limit_in_bytes", "9223372036854771712",
              "memory.usage_in_bytes", "1000000",
              "memory.max_usage_in_bytes", "2000000",
              "memory.failcnt", "3",
              "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2",
              "memory.stat",
                  "cache 1\ntotal_cache 600000\ntotal_rss 300000\ntotal_inactive_file 400000\n"
                      + "total_pgfault 9\ntotal_pgmajfault 1\ntotal_swap 5"),
          "devices",
          Map.of("devices.allow", "", "devices.deny", ""),
          "pids",
          Map.of("pids.max", "max", "pids.current", "4"),
          "hugetlb",
          Map.of("hugetlb.2MB.limit_in_bytes", "9223372036852678656"),
          "blkio",
          Map.of(
              "blkio.weight", "500",
              "blkio.throttle.io_service_bytes_recursive",
                  "8:0 Read 4096\n8:0 Write 8192\n8:0 Total 12288\nTotal 12288",
              "blkio.throttle.io_serviced_recursive", "8:0 Read 1\n8:0 Write 2\nTotal 3"),
          "unified",
          Map.of("cpu.pressure", "some avg10=1.00 avg60=0.00 avg300=0.00 total=77"));

  @TempDir Path root;
  RecordedFiles files;
  Cgroups cgroups;

  @BeforeEach
  void record() throws IOException {
    Path base = root.resolve("sys/fs/cgroup");
    for (String hierarchy :
        List.of(
            "unified",
            "systemd",
            "cpu,cpuacct",
            "cpuset",
            "memory",
            "devices",
            "pids",
            "hugetlb",
            "blkio")) {
      Files.createDirectories(base.resolve(hierarchy));
    }
    Files.writeString(base.resolve("cpuset/cpuset.cpus"), "0-3\n");
    Files.writeString(base.resolve("cpuset/cpuset.mems"), "0\n");
    Files.writeString(base.resolve("memory/memory.memsw.limit_in_bytes"), "9223372036854771712\n");
    files =
        new RecordedFiles(
            base,
            made -> {
              var all =
                  new java.util.HashMap<>(
                      KERNEL.getOrDefault(base.relativize(made).getName(0).toString(), Map.of()));
              all.put("cgroup.procs", "");
              all.put("tasks", "");
              return all;
            });
    cgroups = CgroupMounts.parse(MOUNTINFO, root).open(files);
  }

  private List<String> written(Resources resources) throws IOException {
    cgroups.create(new CgroupPath("/pod/c"), resources);
    return files.writes.stream().filter(w -> w.contains("/pod/c/")).toList();
  }

  @Test
  void aHostWithBothIsHybridAndItsControllersAreKnown() {
    assertThat(cgroups.layout()).isEqualTo(Cgroups.Layout.HYBRID);
    assertThat(cgroups.controllers())
        .containsExactlyInAnyOrder(
            "cpu", "cpuacct", "cpuset", "memory", "devices", "pids", "hugetlb", "io");
    assertThat(cgroups.limitsSwap()).isTrue();
    assertThatThrownBy(() -> CgroupMounts.parse("", root).open(files))
        .hasMessageContaining("no cgroup hierarchy is mounted");
  }

  @Test
  void aGroupIsMadeInAllHierarchiesWithItsParentsCpus() throws IOException {
    assertThat(written(Resources.NONE))
        .containsExactly("cpuset/pod/c/cpuset.cpus 0-3", "cpuset/pod/c/cpuset.mems 0");
    assertThat(cgroups.open(new CgroupPath("/pod/c")).directories())
        .hasSize(9)
        .allSatisfy(d -> assertThat(d).isDirectory());
  }

  @Test
  void limitsGoWhereRuncWritesThemSumBeforeMemoryWhenItGrows() throws IOException {
    Resources all =
        new Resources(
            new Cpu(512, 50_000, 100_000, 0, 0, "1", ""),
            new Memory(1 << 20, 2 << 20, true),
            Resources.UNLIMITED,
            List.of(new HugepageLimit("2MB", 0)),
            new BlockIo(300, List.of()),
            null,
            Map.of());
    assertThat(written(all))
        .containsSubsequence(
            "cpu,cpuacct/pod/c/cpu.shares 512",
            "cpu,cpuacct/pod/c/cpu.cfs_period_us 100000",
            "cpu,cpuacct/pod/c/cpu.cfs_quota_us 50000",
            "cpuset/pod/c/cpuset.cpus 1",
            "memory/pod/c/memory.limit_in_bytes 1048576",
            "memory/pod/c/memory.memsw.limit_in_bytes 2097152",
            "pids/pod/c/pids.max max",
            "blkio/pod/c/blkio.weight 300",
            "hugetlb/pod/c/hugetlb.2MB.limit_in_bytes 0");
    files.writes.clear();
    cgroups
        .open(new CgroupPath("/pod/c"))
        .update(Resources.NONE.withMemory(new Memory(3 << 20, 4 << 20, false)));
    assertThat(files.writes)
        .containsExactly(
            "memory/pod/c/memory.memsw.limit_in_bytes 4194304",
            "memory/pod/c/memory.limit_in_bytes 3145728");
  }

  @Test
  void zeroLeavesEverything() throws IOException {
    cgroups.create(new CgroupPath("/pod/c"), Resources.NONE);
    files.writes.clear();
    cgroups.open(new CgroupPath("/pod/c")).update(Resources.NONE);
    assertThat(files.writes).isEmpty();
  }

  @Test
  void devicesAreListedAsTheKernelReadsThem() throws IOException {
    assertThat(written(Resources.NONE.withDevices(DeviceRule.DEFAULT)))
        .containsSubsequence(
            "devices/pod/c/devices.deny a",
            "devices/pod/c/devices.allow c *:* m",
            "devices/pod/c/devices.allow b *:* m",
            "devices/pod/c/devices.allow c 1:3 rwm",
            "devices/pod/c/devices.allow c 136:* rwm");
  }

  @Test
  void aLimitBelowWhatIsInUseSaysHowMuchThatIs() throws IOException {
    cgroups.create(new CgroupPath("/pod/c"), Resources.NONE);
    files.refused.put("memory/pod/c/memory.limit_in_bytes", Errno.EBUSY);
    assertThatThrownBy(
            () ->
                cgroups
                    .open(new CgroupPath("/pod/c"))
                    .update(Resources.NONE.withMemory(new Memory(4096, 0, false))))
        .hasMessageContaining("memory can't be limited to 4096 bytes: 1000000 are in use");
  }

  @Test
  void aStepThatFailsLeavesNothingInAnyHierarchy() throws IOException {
    files.refused.put("pids/pod/c/pids.max", Errno.EINVAL);
    assertThatThrownBy(() -> cgroups.create(new CgroupPath("/pod/c"), Resources.NONE.withPids(1)))
        .hasMessageContaining("EINVAL");
    try (var left = Files.walk(root)) {
      assertThat(left.filter(p -> p.endsWith("pod"))).isEmpty();
    }
  }

  @Test
  void unifiedResourcesAreRefused() {
    assertThatThrownBy(
            () ->
                cgroups.create(
                    new CgroupPath("/pod/c"),
                    Resources.NONE.withUnified(Map.of("memory.high", "1"))))
        .hasMessageContaining("need cgroup v2");
  }

  @Test
  void usageComesFromAllHierarchiesAndPressureFromTheV2One() throws IOException {
    CgroupStats stats = cgroups.create(new CgroupPath("/pod/c"), Resources.NONE).stats();
    assertThat(stats.cpu().usageNanos()).isEqualTo(5_000_000);
    assertThat(stats.cpu().throttledNanos()).isEqualTo(3_000_000);
    assertThat(stats.cpu().pressure()).isNotNull();
    assertThat(stats.memory().workingSet()).isEqualTo(600_000);
    assertThat(stats.memory().rss()).isEqualTo(300_000);
    assertThat(stats.memory().limit()).isEqualTo(Resources.UNLIMITED);
    assertThat(stats.memory().pressure()).isNull();
    assertThat(stats.pids()).isEqualTo(new CgroupStats.Pids(4, Resources.UNLIMITED));
    assertThat(stats.io()).containsExactly(new CgroupStats.DeviceIo(8, 0, 4096, 8192, 1, 2));
    assertThat(cgroups.open(new CgroupPath("/pod/c")).oomKills()).isEqualTo(2);
  }
}
