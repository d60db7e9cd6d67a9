package io.crema.runtime.cgroup;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.crema.runtime.linux.Fd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The real hierarchies of a host with v1 controllers, below a parent that is gone afterwards. */
@Tag("node")
class V1CgroupNodeTest {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final String top = "crema-test-" + UUID.randomUUID();
  private final CgroupPath path = CgroupPath.ofCri("/" + top + "/pod/container");
  private Cgroups cgroups;

  @BeforeEach
  void detect() throws IOException {
    cgroups = Cgroups.detect();
    assumeTrue(cgroups.layout() != Cgroups.Layout.V2, "this host has cgroup v2");
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    Cgroup group = cgroups.open(path);
    group.kill();
    group.remove(PATIENCE);
    for (Path directory : cgroups.open(CgroupPath.ofCri(top)).directories()) {
      assertThat(directory).doesNotExist();
    }
  }

  /** A shell that joins the group by itself, as a container's process does, and then does so. */
  private static Process join(Cgroup group, String then) throws IOException {
    StringBuilder script = new StringBuilder("set -e\n");
    for (Path file : group.joinFiles()) {
      script.append("echo 0 > ").append(file).append('\n');
    }
    return new ProcessBuilder("sh", "-c", script + "echo joined\n" + then)
        .redirectErrorStream(true)
        .start();
  }

  private static void awaitJoined(Process process) throws IOException {
    assertThat(process.inputReader().readLine()).isEqualTo("joined");
  }

  @Test
  void limitsAreInForce() throws IOException {
    Resources asked =
        new Resources(
            new Resources.Cpu(512, 50_000, 100_000, 0, 0, "0", "0"),
            new Resources.Memory(64 << 20, 64 << 20, false),
            100,
            List.of(new Resources.HugepageLimit("2MB", 0)),
            Resources.BlockIo.NONE,
            DeviceRule.DEFAULT,
            Map.of());
    Cgroup group = cgroups.create(path, asked);
    Resources inForce = group.inForce();
    assertThat(inForce.cpu()).isEqualTo(asked.cpu());
    assertThat(inForce.memory().limit()).isEqualTo(64 << 20);
    assertThat(inForce.pids()).isEqualTo(100);

    group.update(Resources.NONE.withMemory(new Resources.Memory(128 << 20, 256 << 20, false)));
    group.update(Resources.NONE.withCpu(new Resources.Cpu(0, -1, 0, 0, 0, "", "")));
    inForce = group.inForce();
    assertThat(inForce.memory().limit()).isEqualTo(128 << 20);
    assertThat(inForce.cpu().shares()).isEqualTo(512);
    assertThat(inForce.cpu().quotaMicros()).isZero();
    group.update(Resources.NONE.withMemory(new Resources.Memory(32 << 20, 32 << 20, false)));
    assertThat(group.inForce().memory().limit()).isEqualTo(32 << 20);
    group.update(Resources.NONE.withMemory(new Resources.Memory(-1, 0, false)));
    assertThat(group.inForce().memory()).isEqualTo(Resources.Memory.NONE);
  }

  @Test
  void aProcessThatJoinedIsCountedAndKilled() throws Exception {
    Cgroup group = cgroups.create(path, Resources.NONE);
    Process process = join(group, "while :; do :; done");
    awaitJoined(process);
    assertThat(group.processes()).containsExactly((int) process.pid());
    for (Path directory : group.directories()) {
      if (!directory.startsWith("/sys/fs/cgroup/unified")) {
        assertThat(Files.readString(directory.resolve("cgroup.procs")).strip())
            .isEqualTo(Long.toString(process.pid()));
      }
    }
    assertThatThrownBy(() -> group.remove(Duration.ZERO))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(Long.toString(process.pid()));
    CgroupStats stats = group.stats();
    assertThat(stats.cpu().usageNanos()).isPositive();
    assertThat(stats.memory().usage()).isPositive();
    assertThat(stats.memory().limit()).isEqualTo(Resources.UNLIMITED);
    assertThat(stats.pids().current()).isEqualTo(1);
    group.kill();
    group.remove(PATIENCE);
    assertThat(process.waitFor()).isEqualTo(128 + 9);
  }

  @Test
  void killingMeetsForks() throws Exception {
    Cgroup group = cgroups.create(path, Resources.NONE.withPids(200));
    Process process = join(group, "f() { sleep 0.01 & f | : & f | : & wait; }; f 2>/dev/null");
    awaitJoined(process);
    group.kill();
    group.remove(PATIENCE);
    assertThat(process.waitFor(5, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aFrozenProcessGoesOnWhenThawed() throws Exception {
    Cgroup group = cgroups.create(path, Resources.NONE);
    Process process = join(group, "while :; do :; done");
    awaitJoined(process);
    group.freeze();
    long used = group.stats().cpu().usageNanos();
    assertThat(group.stats().cpu().usageNanos()).isEqualTo(used);
    group.thaw();
    while (group.stats().cpu().usageNanos() == used) {
      Thread.onSpinWait();
    }
    group.freeze();
    group.kill();
    assertThat(process.waitFor()).isEqualTo(128 + 9);
  }

  @Test
  void theOomKillerIsCounted() throws Exception {
    Cgroup group =
        cgroups.create(
            path, Resources.NONE.withMemory(new Resources.Memory(8 << 20, 8 << 20, false)));
    Process process = join(group, "exec head -c 64m /dev/zero | tail -c 64m > /dev/null");
    awaitJoined(process);
    process.waitFor();
    assertThat(group.oomKills()).isPositive();
  }

  @Test
  void devicesAreDeniedButForThoseAllowed() throws Exception {
    Cgroup group = cgroups.create(path, Resources.NONE.withDevices(DeviceRule.DEFAULT));
    Process process =
        join(group, "head -c 1 /dev/zero > /dev/null && echo zero; head -c 1 /dev/kmsg || exit 7");
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(out).contains("zero").contains("Operation not permitted");
    assertThat(process.waitFor()).isEqualTo(7);
  }

  @Test
  void groupsThatTheContainerMadeGoToo() throws Exception {
    Cgroup group = cgroups.create(path, Resources.NONE);
    for (Path directory : group.directories()) {
      Files.createDirectories(directory.resolve("inner/most"));
    }
    group.remove(PATIENCE);
    assertThat(group.directories()).allSatisfy(d -> assertThat(d).doesNotExist());
  }

  @Test
  void parentsThatSomebodyElseMadeStay() throws Exception {
    Cgroup kubelets = cgroups.create(path.parent().parent(), Resources.NONE);
    Cgroup group = cgroups.create(path, Resources.NONE);
    assertThatThrownBy(() -> cgroups.create(path, Resources.NONE))
        .hasMessageContaining("is there already");
    group.remove(PATIENCE);
    assertThat(kubelets.directories()).allSatisfy(d -> assertThat(d).isDirectory());
    kubelets.remove(PATIENCE);
  }

  @Test
  void aFailedCreationLeavesNothing() {
    Resources impossible =
        Resources.NONE.withCpu(new Resources.Cpu(0, 0, 0, 0, 0, "4000-4001", ""));
    assertThatThrownBy(() -> cgroups.create(path, impossible))
        .hasMessageContaining("cpuset.cpus")
        .hasMessageContaining("4000-4001");
    assertThat(cgroups.open(path).directories()).allSatisfy(d -> assertThat(d).doesNotExist());
  }

  @Test
  void aDeviceProgramOfVersion2DecidesAsTheListOfVersion1() throws Exception {
    Path unified = Path.of("/sys/fs/cgroup/unified");
    assumeTrue(Files.exists(unified.resolve("cgroup.procs")), "this host isn't hybrid");
    Cgroup group = cgroups.create(path, Resources.NONE);
    Path directory = unified.resolve(path.value().substring(1));
    KernelCgroupFiles files = new KernelCgroupFiles();
    files.attachDeviceProgram(directory, DeviceProgram.of(DeviceAccess.of(DeviceRule.EVERYTHING)));
    files.attachDeviceProgram(directory, DeviceProgram.of(DeviceAccess.of(DeviceRule.DEFAULT)));
    Process process =
        new ProcessBuilder(
                "sh",
                "-c",
                "echo 0 > "
                    + directory
                    + "/cgroup.procs; head -c 1 /dev/zero >/dev/null && echo zero;"
                    + " head -c 1 /dev/kmsg || exit 7")
            .redirectErrorStream(true)
            .start();
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(out).contains("zero").contains("Operation not permitted");
    assertThat(process.waitFor()).isEqualTo(7);
    try (Fd fd = group.openForClone()) {
      assertThat(fd).isNotNull();
    }
  }

  @Test
  void manyGroupsOfOneParentComeAndGoTogether() throws Exception {
    try (var threads = java.util.concurrent.Executors.newFixedThreadPool(4)) {
      var all =
          java.util.stream.IntStream.range(0, 40)
              .mapToObj(
                  i ->
                      threads.submit(
                          () -> {
                            Cgroup g = cgroups.create(path.parent().child("c" + i), Resources.NONE);
                            g.remove(PATIENCE);
                            return g.path();
                          }))
              .toList();
      Set<CgroupPath> paths = new java.util.HashSet<>();
      for (var f : all) {
        paths.add(f.get());
      }
      assertThat(paths).hasSize(40);
    }
  }
}
