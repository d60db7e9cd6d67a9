package io.crema.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.server.cri.ContainerConfig;
import io.crema.server.cri.ContainerMetadata;
import io.crema.server.cri.ImageSpec;
import io.crema.server.cri.Metric;
import io.crema.server.cri.MetricDescriptor;
import io.crema.server.cri.PodSandboxConfig;
import io.crema.server.cri.PodSandboxMetadata;
import io.crema.server.translate.ContainerTranslation;
import io.crema.server.translate.PodTranslation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MetricsCallsTest {
  private final FakeRuntime fake = new FakeRuntime();
  private final MetricsCalls metrics = new MetricsCalls(fake);
  private String podId = "";

  @BeforeEach
  void aPodWithAContainer() throws Exception {
    PodSandboxConfig pod =
        PodSandboxConfig.newBuilder()
            .setMetadata(
                PodSandboxMetadata.newBuilder().setName("web").setNamespace("shop").setUid("u"))
            .build();
    podId = fake.runPod(PodTranslation.toModel("config", pod), "");
    fake.createContainer(
        podId,
        ContainerTranslation.toModel(
            ContainerConfig.newBuilder()
                .setMetadata(ContainerMetadata.newBuilder().setName("front"))
                .setImage(ImageSpec.newBuilder().setImage("sha256:abc"))
                .build()),
        PodTranslation.toModel("config", pod));
  }

  private Map<String, MetricDescriptor> descriptors() {
    return metrics.descriptors().getDescriptorsList().stream()
        .collect(Collectors.toMap(MetricDescriptor::getName, Function.identity()));
  }

  private static List<String> keys(Map<String, MetricDescriptor> descriptors, Metric metric) {
    return Objects.requireNonNull(descriptors.get(metric.getName())).getLabelKeysList();
  }

  private List<Metric> all() throws InterruptedException {
    List<Metric> all = new ArrayList<>();
    for (var pod : metrics.list().getPodMetricsList()) {
      all.addAll(pod.getMetricsList());
      pod.getContainerMetricsList().forEach(c -> all.addAll(c.getMetricsList()));
    }
    return all;
  }

  /** The kubelet drops a metric that isn't described, and panics on labels that don't fit. */
  @Test
  void everyMetricIsDescribedAndHasAValueForEachOfItsLabels() throws Exception {
    var descriptors = descriptors();
    assertThat(all())
        .isNotEmpty()
        .allSatisfy(
            m -> {
              assertThat(descriptors).containsKey(m.getName());
              assertThat(m.getLabelValuesList())
                  .as(m.getName())
                  .hasSameSizeAs(keys(descriptors, m));
              assertThat(m.getTimestamp()).as("gathered live").isZero();
            });
  }

  @Test
  void everyNameOfContainerdsIsThereAndNoneTwice() {
    var names = metrics.descriptors().getDescriptorsList().stream().map(d -> d.getName()).toList();
    assertThat(names)
        .doesNotHaveDuplicates()
        .contains(
            "container_cpu_user_seconds_total",
            "container_cpu_system_seconds_total",
            "container_cpu_usage_seconds_total",
            "container_cpu_cfs_periods_total",
            "container_cpu_cfs_throttled_periods_total",
            "container_cpu_cfs_throttled_seconds_total",
            "container_memory_cache",
            "container_memory_rss",
            "container_memory_kernel_usage",
            "container_memory_mapped_file",
            "container_memory_swap",
            "container_memory_failcnt",
            "container_memory_usage_bytes",
            "container_memory_max_usage_bytes",
            "container_memory_working_set_bytes",
            "container_memory_total_active_file_bytes",
            "container_memory_total_inactive_file_bytes",
            "container_memory_failures_total",
            "container_oom_events_total",
            "container_network_receive_bytes_total",
            "container_network_receive_packets_total",
            "container_network_receive_packets_dropped_total",
            "container_network_receive_errors_total",
            "container_network_transmit_bytes_total",
            "container_network_transmit_packets_total",
            "container_network_transmit_packets_dropped_total",
            "container_network_transmit_errors_total",
            "container_fs_inodes_free",
            "container_fs_inodes_total",
            "container_fs_limit_bytes",
            "container_fs_usage_bytes",
            "container_fs_reads_bytes_total",
            "container_fs_reads_total",
            "container_fs_writes_bytes_total",
            "container_fs_writes_total",
            "container_blkio_device_usage_total",
            "container_processes",
            "container_file_descriptors",
            "container_sockets",
            "container_threads_max",
            "container_threads",
            "container_ulimits_soft",
            "container_last_seen",
            "container_start_time_seconds",
            "container_spec_cpu_period",
            "container_spec_cpu_shares",
            "container_spec_memory_limit_bytes",
            "container_spec_memory_reservation_limit_bytes",
            "container_spec_memory_swap_limit_bytes");
  }

  @Test
  void labelsAreThoseOfCadvisor() throws Exception {
    Metric cpu = only("container_cpu_usage_seconds_total");
    assertThat(keys(descriptors(), cpu))
        .containsExactly("container", "id", "image", "name", "namespace", "pod");
    String id = fake.containers.keySet().iterator().next();
    assertThat(cpu.getLabelValuesList())
        .containsExactly(
            "front", "/kubepods/pod1/" + id, "docker.io/library/busybox:1", id, "shop", "web");
    assertThat(cpu.getValue().getValue()).as("3.5 s, in the CRI's whole numbers").isEqualTo(3);
  }

  @Test
  void theNetworkIsThePods() throws Exception {
    assertThat(only("container_network_transmit_errors_total").getLabelValuesList())
        .containsExactly("", "/kubepods/pod1", "", "", "shop", "web", "eth0");
    assertThat(only("container_network_receive_bytes_total").getValue().getValue()).isEqualTo(1);
    assertThat(only("container_network_transmit_errors_total").getValue().getValue()).isEqualTo(7);
  }

  @Test
  void whatNobodyCanTellIsLeftOut() throws Exception {
    assertThat(all())
        .extracting(Metric::getName)
        .doesNotContain(
            "container_fs_usage_bytes",
            "container_ulimits_soft",
            "container_pressure_memory_stalled_seconds_total")
        .contains("container_pressure_cpu_stalled_seconds_total", "container_fs_limit_bytes");
  }

  private Metric only(String name) throws InterruptedException {
    List<Metric> found = all().stream().filter(m -> m.getName().equals(name)).toList();
    assertThat(found).as(name).hasSize(1);
    return found.getFirst();
  }
}
