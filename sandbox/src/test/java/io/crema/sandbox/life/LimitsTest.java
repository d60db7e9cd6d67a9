package io.crema.sandbox.life;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.runtime.cgroup.Resources;
import io.crema.sandbox.model.ContainerResources;
import io.crema.sandbox.model.HugepageLimit;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LimitsTest {
  private static final ContainerResources NOW =
      new ContainerResources(
          100_000,
          50_000,
          512,
          1 << 20,
          100,
          "0-1",
          "0",
          List.of(new HugepageLimit("2MB", 0), new HugepageLimit("1GB", 7)),
          Map.of("memory.high", "max"),
          1 << 21);

  /** The kubelet's CPU manager sends nothing but the CPUs. */
  @Test
  void whatIsNotSetStaysAsItWas() {
    ContainerResources cpus =
        new ContainerResources(0, 0, 0, 0, 0, "1", "", List.of(), Map.of(), 0);
    assertThat(Limits.merge(NOW, cpus))
        .usingRecursiveComparison()
        .ignoringFields("cpusetCpus")
        .isEqualTo(NOW);
    assertThat(Limits.merge(NOW, cpus).cpusetCpus()).isEqualTo("1");
  }

  @Test
  void hugePagesAndUnifiedFilesAreMergedByName() {
    ContainerResources change =
        new ContainerResources(
            0,
            0,
            0,
            0,
            0,
            "",
            "",
            List.of(new HugepageLimit("2MB", 9)),
            Map.of("memory.min", "1"),
            0);
    ContainerResources merged = Limits.merge(NOW, change);
    assertThat(merged.hugepageLimits())
        .containsExactlyInAnyOrder(new HugepageLimit("2MB", 9), new HugepageLimit("1GB", 7));
    assertThat(merged.unified()).isEqualTo(Map.of("memory.high", "max", "memory.min", "1"));
  }

  private static ContainerResources memory(long limit, long withSwap) {
    return new ContainerResources(0, 0, 0, limit, 0, "", "", List.of(), Map.of(), withSwap);
  }

  private static Resources.Memory of(long limit, long withSwap) {
    return Limits.of(memory(limit, withSwap), null).memory();
  }

  @Test
  void aLimitOfMemoryAloneMeansNoSwapAsOnContainerd() {
    assertThat(of(100, 0)).isEqualTo(new Resources.Memory(100, 100, false));
    assertThat(of(100, 150)).isEqualTo(new Resources.Memory(100, 150, false));
    assertThat(of(0, 0)).isEqualTo(Resources.Memory.NONE);
    assertThat(of(-1, 0)).isEqualTo(new Resources.Memory(-1, -1, false));
  }

  @Test
  void zeroAndEmptyLeaveWhatIsInForce() {
    assertThat(Limits.of(ContainerResources.NONE, null)).isEqualTo(Resources.NONE);
    ContainerResources now = memory(100, 150);
    assertThat(Limits.merge(now, ContainerResources.NONE)).isEqualTo(now);
    assertThat(Limits.merge(now, memory(200, 0))).isEqualTo(memory(200, 150));
  }
}
