package io.crema.sandbox.life;

import static org.assertj.core.api.Assertions.assertThat;

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
}
