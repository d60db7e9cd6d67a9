package io.crema.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.runtime.cgroup.Resources.BlockIo;
import io.crema.runtime.cgroup.Resources.Cpu;
import io.crema.runtime.cgroup.Resources.HugepageLimit;
import io.crema.runtime.cgroup.Resources.Memory;
import io.crema.runtime.cgroup.Resources.Throttle;
import io.crema.runtime.linux.Errno;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The drivers of cgroup v2 on recorded directory trees. */
class V2CgroupTest {
  private static final CgroupPath POD = new CgroupPath("/kubepods/burstable/pod42");
  private static final CgroupPath CONTAINER = POD.child("c1");
  private static final String IN = "kubepods/burstable/pod42/c1/";

  @TempDir Path root;
  RecordedFiles files;
  V2Cgroups cgroups;

  @BeforeEach
  void record() throws IOException {
    files = RecordedHosts.v2(root);
    cgroups = new V2Cgroups(files, root);
  }

  /** The files of the container's group that {@code resources} write, with what they write. */
  private List<String> written(Resources resources) throws IOException {
    cgroups.create(CONTAINER, resources);
    return files.writes.stream()
        .filter(w -> w.startsWith(IN))
        .map(w -> w.substring(IN.length()))
        .toList();
  }

  private static Resources memory(long limit, long withSwap) {
    return Resources.NONE.withMemory(new Memory(limit, withSwap, false));
  }

  private static Resources cpu(long shares, long quota, long period) {
    return Resources.NONE.withCpu(new Cpu(shares, quota, period, 0, 0, "", ""));
  }

  @Test
  void controllersArePassedDownOnTheWayAndNotIntoTheContainersGroup() throws IOException {
    cgroups.create(CONTAINER, Resources.NONE);
    assertThat(files.writes)
        .containsExactly(
            "cgroup.subtree_control +cpuset +cpu +io +memory +hugetlb +pids",
            "kubepods/cgroup.subtree_control +cpuset +cpu +io +memory +hugetlb +pids",
            "kubepods/burstable/cgroup.subtree_control +cpuset +cpu +io +memory +hugetlb +pids",
            IN.replace("c1/", "")
                + "cgroup.subtree_control +cpuset +cpu +io +memory +hugetlb +pids");
  }

  @Test
  void aControllerThatCanNotBePassedDownDoesNotKeepTheOthersBack() throws IOException {
    files.refused.put("cgroup.subtree_control +cpuset +cpu", Errno.EINVAL); // realtime processes
    files.refused.put("cgroup.subtree_control +cpu", Errno.EINVAL);
    cgroups.create(new CgroupPath("/crema"), Resources.NONE);
    assertThat(files.writes)
        .contains("cgroup.subtree_control +io", "cgroup.subtree_control +memory")
        .doesNotContain("cgroup.subtree_control +cpu");
  }

  @Test
  void aLimitWhoseControllerIsMissingIsNamedAndNothingStays() {
    files.refused.put("kubepods/burstable/pod42/cgroup.subtree_control", Errno.EBUSY);
    assertThatThrownBy(() -> cgroups.create(CONTAINER, memory(1 << 20, 0)))
        .hasMessageContaining("memory.max can't be set to 1048576")
        .hasMessageContaining("memory controller isn't passed down to " + POD);
    assertThat(root.resolve("kubepods")).doesNotExist();
  }

  @Test
  void aThreadedParentIsRefused() throws IOException {
    cgroups.create(CONTAINER, Resources.NONE);
    files.types("domain invalid");
    assertThatThrownBy(() -> cgroups.create(POD.child("c2"), Resources.NONE))
        .hasMessageContaining("domain invalid")
        .hasMessageContaining("thread mode");
    assertThat(root.resolve("kubepods/burstable/pod42/c2")).doesNotExist();
  }

  @Test
  void sharesBecomeAWeightAndQuotaAndPeriodOneLine() throws IOException {
    assertThat(written(cpu(512, 150_000, 100_000)))
        .containsExactly("cpu.weight 59", "cpu.max 150000 100000");
  }

  @Test
  void whatIsNotSaidOfCpuMaxStays() throws IOException {
    Cgroup group = cgroups.create(CONTAINER, cpu(0, 50_000, 0));
    assertThat(files.read(root.resolve(IN + "cpu.max"))).isEqualTo("50000 100000\n");
    group.update(cpu(0, 0, 20_000));
    assertThat(files.read(root.resolve(IN + "cpu.max"))).isEqualTo("50000 20000\n");
    group.update(cpu(0, Resources.UNLIMITED, 0));
    assertThat(files.read(root.resolve(IN + "cpu.max"))).isEqualTo("max 20000\n");
  }

  @Test
  void weightsAreThoseOfRunc() {
    // github.com/opencontainers/cgroups, TestConvertCPUSharesToCgroupV2Value
    Map<Long, Long> cases =
        Map.of(2L, 1L, 1L, 1L, 262144L, 10000L, 1048576L, 10000L, 1024L, 100L, 512L, 59L);
    cases.forEach((shares, weight) -> assertThat(CpuWeight.ofShares(shares)).isEqualTo(weight));
    for (long weight = 1; weight <= 10_000; weight++) {
      assertThat(CpuWeight.ofShares(CpuWeight.toShares(weight))).isLessThanOrEqualTo(weight);
    }
    long before = 0;
    for (long shares = 2; shares <= 262_144; shares += 7) {
      long weight = CpuWeight.ofShares(shares);
      assertThat(weight).isBetween(Math.max(1, before), 10_000L);
      before = weight;
    }
    assertThat(CpuWeight.ofBlockIoWeight(10)).isEqualTo(1);
    assertThat(CpuWeight.ofBlockIoWeight(1000)).isEqualTo(10_000);
  }

  @Test
  void swapIsTheSumWithoutMemoryAndIsSaidBeforeMemory() throws IOException {
    assertThat(written(memory(100 << 20, 150 << 20)))
        .containsExactly("memory.swap.max 52428800", "memory.max 104857600");
  }

  @Test
  void aSumThatIsTheMemoryMeansNoSwap() throws IOException {
    assertThat(written(memory(100 << 20, 100 << 20)))
        .containsExactly("memory.swap.max 0", "memory.max 104857600");
  }

  @Test
  void noLimitOfMemoryIsNoneOfSwapEither() throws IOException {
    assertThat(written(memory(Resources.UNLIMITED, 0)))
        .containsExactly("memory.swap.max max", "memory.max max");
  }

  @Test
  void aSumBelowTheMemoryIsRefused() {
    assertThatThrownBy(() -> cgroups.create(CONTAINER, memory(100 << 20, 50 << 20)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("memory and swap (52428800) are less than memory (104857600)");
    assertThat(root.resolve("kubepods")).doesNotExist();
  }

  @Test
  void aKernelThatDoesNotCountSwapIsToldNothingOfIt() throws IOException {
    files.without("memory.swap.max");
    assertThat(written(memory(100 << 20, 100 << 20))).containsExactly("memory.max 104857600");
  }

  @Test
  void theRestGoesWhereRuncWritesIt() throws IOException {
    Resources all =
        new Resources(
            new Cpu(0, 0, 0, 0, 0, "0-1", "0"),
            new Memory(0, 0, true),
            64,
            List.of(
                new HugepageLimit("2MB", 4 << 20),
                new HugepageLimit("1GB", 0),
                new HugepageLimit("64KB", 0)), // another architecture's: tolerated
            new BlockIo(
                500,
                List.of(
                    new Throttle(8, 0, Throttle.Kind.READ_BYTES, 1 << 20),
                    new Throttle(8, 0, Throttle.Kind.WRITE_OPERATIONS, 0))),
            null,
            Map.of());
    assertThat(written(all))
        .containsExactly(
            "pids.max 64",
            "memory.oom.group 1",
            "cpuset.cpus 0-1",
            "cpuset.mems 0",
            "io.weight 4950",
            "io.max 8:0 rbps=1048576",
            "io.max 8:0 wiops=max",
            "hugetlb.2MB.max 4194304",
            "hugetlb.2MB.rsvd.max 4194304",
            "hugetlb.1GB.max 0");
  }

  @Test
  void unifiedFilesComeLastAndMustBeAControllers() throws IOException {
    assertThat(written(memory(1 << 20, 0).withUnified(Map.of("memory.high", "900000"))))
        .containsExactly("memory.max 1048576", "memory.high 900000");
    for (String bad : List.of("cgroup.procs", "../memory.max", "a/b", ".max", "memory", "")) {
      assertThatThrownBy(() -> Resources.NONE.withUnified(Map.of(bad, "1")))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(
            () ->
                cgroups.create(
                    POD.child("c2"), Resources.NONE.withUnified(Map.of("memory.nope", "1"))))
        .hasMessageContaining("memory.nope can't be set to 1");
  }

  @Test
  void zeroLeavesEverything() throws IOException {
    assertThat(written(Resources.NONE)).isEmpty();
    files.writes.clear();
    cgroups.open(CONTAINER).update(Resources.NONE);
    assertThat(files.writes).isEmpty();
  }

  @Test
  void realtimeLimitsAreRefused() {
    assertThatThrownBy(
            () ->
                cgroups.create(
                    CONTAINER, Resources.NONE.withCpu(new Cpu(0, 0, 0, 950, 1000, "", ""))))
        .hasMessageContaining("realtime CPU limits need cgroup v1");
  }

  @Test
  void devicesAreDecidedByAProgram() throws IOException {
    written(Resources.NONE.withDevices(DeviceRule.DEFAULT));
    assertThat(files.program).isEqualTo(DeviceProgram.of(DeviceAccess.of(DeviceRule.DEFAULT)));
  }

  private Cgroup busy() throws IOException {
    Path directory = Files.createDirectories(root.resolve("busy"));
    for (Map.Entry<String, String> f : RecordedHosts.recorded("v2-busy-group.txt").entrySet()) {
      Files.writeString(directory.resolve(f.getKey()), f.getValue() + "\n");
    }
    return cgroups.open(new CgroupPath("/busy"));
  }

  @Test
  void usageIsReadAsTheKubeletCountsIt() throws IOException {
    CgroupStats stats = busy().stats();
    assertThat(stats.takenAtNanos()).isPositive();
    assertThat(stats.cpu().usageNanos()).isEqualTo(12_345_678_000L);
    assertThat(stats.cpu().userNanos()).isEqualTo(8_000_000_000L);
    assertThat(stats.cpu().throttledPeriods()).isEqualTo(17);
    assertThat(stats.cpu().throttledNanos()).isEqualTo(987_654_000L);
    assertThat(stats.cpu().pressure())
        .isEqualTo(
            new CgroupStats.Pressure(
                new CgroupStats.PressureLine(
                    new CgroupStats.PressureLine.Averages(1.23, 4.56, 0.78), 123_456_789),
                new CgroupStats.PressureLine(
                    new CgroupStats.PressureLine.Averages(0.11, 0.22, 0.33), 987_654)));
    CgroupStats.Memory memory = stats.memory();
    assertThat(memory.usage()).isEqualTo(104_857_600);
    assertThat(memory.workingSet()).isEqualTo(104_857_600 - 31_457_280);
    assertThat(memory.rss()).isEqualTo(52_428_800);
    assertThat(memory.pageFaults()).isEqualTo(5000);
    assertThat(memory.majorPageFaults()).isEqualTo(7);
    assertThat(memory.limit()).isEqualTo(268_435_456);
    assertThat(memory.peak()).isEqualTo(209_715_200);
    assertThat(memory.failures()).isEqualTo(12);
    assertThat(memory.swap()).isEqualTo(1_048_576);
    assertThat(memory.swapLimit()).isEqualTo(134_217_728);
    assertThat(stats.pids()).isEqualTo(new CgroupStats.Pids(9, 100));
    assertThat(stats.io())
        .contains(
            new CgroupStats.DeviceIo(8, 0, 4096, 8192, 1, 2),
            new CgroupStats.DeviceIo(253, 1, 1_048_576, 0, 16, 0));
  }

  @Test
  void whatIsInForceIsReadBackInTheCrisTerms() throws IOException {
    Resources now = busy().inForce();
    assertThat(now.cpu().quotaMicros()).isEqualTo(150_000);
    assertThat(CpuWeight.ofShares(now.cpu().shares())).isEqualTo(59);
    assertThat(now.cpu().cpus()).isEqualTo("0-1,3");
    assertThat(now.memory()).isEqualTo(new Memory(268_435_456, 268_435_456 + 134_217_728, true));
    assertThat(now.pids()).isEqualTo(100);
    Resources fresh = cgroups.create(CONTAINER, Resources.NONE).inForce();
    assertThat(fresh.memory()).isEqualTo(Memory.NONE);
    assertThat(fresh.cpu().quotaMicros()).isZero();
    assertThat(fresh.cpu().shares()).isEqualTo(1024);
    assertThat(fresh.pids()).isZero();
  }

  @Test
  void outOfMemoryKillsAreCountedAndProcessesOfOtherNamespacesPassedOver() throws IOException {
    assertThat(busy().oomKills()).isEqualTo(1);
    assertThat(busy().processes()).containsExactly(4242, 4243);
    assertThat(cgroups.open(new CgroupPath("/gone")).oomKills()).isZero();
    assertThat(cgroups.open(new CgroupPath("/gone")).stats().memory().usage()).isZero();
  }

  @Test
  void aGroupIsKilledFrozenAndThawedByOneWriteEach() throws IOException {
    Cgroup group = cgroups.create(CONTAINER, Resources.NONE);
    files.writes.clear();
    group.kill();
    Files.writeString(root.resolve(IN + "cgroup.events"), "populated 1\nfrozen 1\n");
    group.freeze();
    group.thaw();
    group.add(7);
    assertThat(files.writes)
        .containsExactly(
            IN + "cgroup.kill 1",
            IN + "cgroup.freeze 1",
            IN + "cgroup.freeze 0",
            IN + "cgroup.procs 7");
  }

  @Test
  void removingTakesParentsThatWereMadeHereAndLeavesOthers() throws IOException {
    files.makeDirectory(root.resolve("kubepods")); // the kubelet's
    Cgroup group = cgroups.create(CONTAINER, Resources.NONE);
    files.makeDirectory(root.resolve(IN + "nested"));
    group.remove(Duration.ofSeconds(1));
    assertThat(files.subgroups(root.resolve("kubepods"))).isEmpty();
    assertThat(root.resolve("kubepods")).exists();
  }
}
