package io.crema.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.server.cri.CheckpointContainerRequest;
import io.crema.server.cri.CheckpointPodRequest;
import io.crema.server.cri.ContainerConfig;
import io.crema.server.cri.ContainerEventResponse;
import io.crema.server.cri.ContainerEventType;
import io.crema.server.cri.ContainerStats;
import io.crema.server.cri.ContainerStatsFilter;
import io.crema.server.cri.ContainerStatsRequest;
import io.crema.server.cri.GetEventsRequest;
import io.crema.server.cri.LinuxContainerResources;
import io.crema.server.cri.LinuxPodSandboxConfig;
import io.crema.server.cri.ListContainerStatsRequest;
import io.crema.server.cri.ListMetricDescriptorsRequest;
import io.crema.server.cri.ListPodSandboxMetricsRequest;
import io.crema.server.cri.ListPodSandboxStatsRequest;
import io.crema.server.cri.Metric;
import io.crema.server.cri.PodSandboxConfig;
import io.crema.server.cri.PodSandboxStats;
import io.crema.server.cri.PodSandboxStatsRequest;
import io.crema.server.cri.PodSandboxStatusRequest;
import io.crema.server.cri.RemoveContainerRequest;
import io.crema.server.cri.StopContainerRequest;
import io.crema.server.cri.StreamPodSandboxMetricsRequest;
import io.crema.server.cri.UpdateContainerResourcesRequest;
import io.crema.server.cri.UpdatePodSandboxResourcesRequest;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the runtime tells of what runs, and what can be changed of it, by the kernel's real answers.
 */
@InNode
@Timeout(120)
class ObservationTest {
  private static final JsonMapper JSON = new JsonMapper();
  private final CriPods pods;
  private final Crictl crictl;

  ObservationTest(Daemon daemon) {
    crictl = daemon.crictl();
    pods = new CriPods(daemon.socket());
  }

  @BeforeEach
  void image() {
    pods.pull(CriPods.BUSYBOX);
  }

  @AfterEach
  void close() {
    pods.close();
  }

  private String sleeper(String pod, PodSandboxConfig podConfig, String name) {
    return pods.start(
        pods.create(pod, podConfig, CriPods.containerConfig(name, "sleep", "3600").build()));
  }

  private ContainerStats stats(String container) {
    return pods.runtime()
        .containerStats(ContainerStatsRequest.newBuilder().setContainerId(container).build())
        .getStats();
  }

  @Test
  void aContainersStatsAreWhatItUses() {
    PodSandboxConfig config = CriPods.podConfig("stats").build();
    String pod = pods.run(config);
    String id =
        pods.start(
            pods.create(
                pod,
                config,
                CriPods.containerConfig(
                        "busy",
                        "sh",
                        "-c",
                        "dd if=/dev/zero of=/f bs=1M count=5; while :; do :; done")
                    .build()));
    ContainerStats first = stats(id);
    assertThat(first.getAttributes().getMetadata().getName()).isEqualTo("busy");
    assertThat(first.getCpu().getTimestamp()).isPositive();
    assertThat(first.getCpu().getUsageCoreNanoSeconds().getValue()).isPositive();
    assertThat(first.getMemory().getUsageBytes().getValue()).isPositive();
    assertThat(first.getMemory().getWorkingSetBytes().getValue())
        .isPositive()
        .isLessThanOrEqualTo(first.getMemory().getUsageBytes().getValue());
    assertThat(first.getMemory().getPageFaults().getValue()).isPositive();
    assertThat(first.getSwap().getTimestamp()).isPositive();
    assertThat(first.getWritableLayer().getTimestamp()).isPositive();
    long rate =
        Await.value(
            "a rate from two readings",
            Duration.ofSeconds(30),
            () ->
                Optional.of(stats(id).getCpu())
                    .filter(c -> c.hasUsageNanoCores())
                    .map(c -> c.getUsageNanoCores().getValue()));
    assertThat(rate).as("of a loop").isGreaterThan(10_000_000L).isLessThan(3_000_000_000L);
    Await.until(
        "the 5 MiB are counted",
        Duration.ofSeconds(60),
        () -> stats(id).getWritableLayer().getUsedBytes().getValue() >= 5 << 20);
    assertThat(stats(id).getWritableLayer().getInodesUsed().getValue()).isGreaterThanOrEqualTo(2);
  }

  @Test
  void filtersChooseTheContainersAndAnEndedOneHasNoFigures() {
    PodSandboxConfig config = CriPods.podConfig("filter").build();
    String pod = pods.run(config);
    String one = sleeper(pod, config, "one");
    String two =
        pods.start(
            pods.create(
                pod,
                config,
                CriPods.containerConfig("two", "sleep", "3600").putLabels("k", "v").build()));
    assertThat(list(ContainerStatsFilter.newBuilder().setId(one))).containsExactly(one);
    assertThat(list(ContainerStatsFilter.newBuilder().setId(one.substring(0, 13))))
        .containsExactly(one);
    assertThat(list(ContainerStatsFilter.newBuilder().setPodSandboxId(pod)))
        .containsExactlyInAnyOrder(one, two);
    assertThat(list(ContainerStatsFilter.newBuilder().putLabelSelector("k", "v")))
        .containsExactly(two);
    assertThat(list(ContainerStatsFilter.newBuilder())).contains(one, two);
    var _ =
        pods.runtime().stopContainer(StopContainerRequest.newBuilder().setContainerId(one).build());
    assertThat(list(ContainerStatsFilter.newBuilder().setPodSandboxId(pod))).containsExactly(two);
    assertThat(stats(one).hasCpu()).isFalse();
    assertThat(stats(one).getAttributes().getId()).isEqualTo(one);
  }

  private List<String> list(ContainerStatsFilter.Builder filter) {
    return pods
        .runtime()
        .listContainerStats(ListContainerStatsRequest.newBuilder().setFilter(filter).build())
        .getStatsList()
        .stream()
        .map(s -> s.getAttributes().getId())
        .toList();
  }

  @Test
  void aPodsStatsAreOfItsCgroupItsInterfaceAndItsProcesses() {
    PodSandboxConfig config =
        CriPods.podConfig("podstats")
            .setLinux(
                CriPods.podConfig("podstats").getLinuxBuilder().setCgroupParent("/crema-podstats"))
            .build();
    String pod = pods.run(config);
    String id = sleeper(pod, config, "one");
    String gone =
        pods.start(
            pods.create(
                pod,
                config,
                CriPods.containerConfig(
                        "burn", "sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done")
                    .build()));
    Await.until(
        "the loop has ended",
        Duration.ofSeconds(60),
        () -> pods.status(gone).getStatus().getFinishedAt() > 0);
    PodSandboxStats stats = podStats(pod);
    long running = stats(id).getCpu().getUsageCoreNanoSeconds().getValue();
    assertThat(stats.getLinux().getCpu().getUsageCoreNanoSeconds().getValue())
        .as("has the time of containers that have ended")
        .isGreaterThan(running + 10_000_000L);
    assertThat(stats.getLinux().getProcess().getProcessCount().getValue()).isEqualTo(1);
    assertThat(stats.getLinux().getNetwork().getDefaultInterface().getName()).isEqualTo("eth0");
    assertThat(stats.getLinux().getNetwork().getInterfacesList()).hasSize(1);
    assertThat(stats.getLinux().getContainersList())
        .extracting(c -> c.getAttributes().getId())
        .containsExactly(id);
    assertThat(
            pods.runtime()
                .listPodSandboxStats(ListPodSandboxStatsRequest.getDefaultInstance())
                .getStatsList())
        .extracting(s -> s.getAttributes().getId())
        .contains(pod);
  }

  private PodSandboxStats podStats(String pod) {
    return pods.runtime()
        .podSandboxStats(PodSandboxStatsRequest.newBuilder().setPodSandboxId(pod).build())
        .getStats();
  }

  @Test
  void statsOfNobodyAreNotFound() {
    assertThat(CriPods.refusal(() -> podStats("")).getCode()).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(CriPods.refusal(() -> podStats("0123")).getCode()).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(CriPods.refusal(() -> stats("0123")).getCode()).isEqualTo(Status.Code.NOT_FOUND);
  }

  @Test
  void metricsOfContainersAndPodsAreDescribed() {
    PodSandboxConfig config = CriPods.podConfig("metrics").build();
    String pod = pods.run(config);
    String id = sleeper(pod, config, "one");
    var names =
        pods
            .runtime()
            .listMetricDescriptors(ListMetricDescriptorsRequest.getDefaultInstance())
            .getDescriptorsList()
            .stream()
            .map(d -> d.getName())
            .toList();
    var mine =
        pods
            .runtime()
            .listPodSandboxMetrics(ListPodSandboxMetricsRequest.getDefaultInstance())
            .getPodMetricsList()
            .stream()
            .filter(m -> m.getPodSandboxId().equals(pod))
            .findFirst()
            .orElseThrow();
    assertThat(mine.getMetricsList()).extracting(Metric::getName).isSubsetOf(names);
    assertThat(mine.getMetricsList()).extracting(Metric::getName).hasSize(8);
    var container = mine.getContainerMetrics(0);
    assertThat(container.getContainerId()).isEqualTo(id);
    assertThat(container.getMetricsList()).extracting(Metric::getName).isSubsetOf(names);
    assertThat(value(container.getMetricsList(), "container_processes")).isEqualTo(1);
    assertThat(value(container.getMetricsList(), "container_memory_working_set_bytes"))
        .isPositive();
    assertThat(value(container.getMetricsList(), "container_file_descriptors")).isEqualTo(3);
    assertThat(value(container.getMetricsList(), "container_start_time_seconds"))
        .isEqualTo(pods.status(id).getStatus().getStartedAt() / 1_000_000_000L);
    List<String> streamed = new ArrayList<>();
    pods.runtime()
        .streamPodSandboxMetrics(StreamPodSandboxMetricsRequest.getDefaultInstance())
        .forEachRemaining(
            p -> p.getPodSandboxMetricsList().forEach(m -> streamed.add(m.getPodSandboxId())));
    assertThat(streamed).contains(pod);
  }

  private static long value(List<Metric> metrics, String name) {
    return metrics.stream()
        .filter(m -> m.getName().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no metric " + name))
        .getValue()
        .getValue();
  }

  @Test
  void subscribersAreToldOfALifeFromBeginningToEnd() {
    Iterator<ContainerEventResponse> events =
        pods.runtime().getContainerEvents(GetEventsRequest.getDefaultInstance());
    PodSandboxConfig config = CriPods.podConfig("events").build();
    List<ContainerEventResponse> seen = new ArrayList<>();
    String pod = ready(events, config, seen);
    String id = sleeper(pod, config, "one");
    var _ =
        pods.runtime().stopContainer(StopContainerRequest.newBuilder().setContainerId(id).build());
    var _ =
        pods.runtime()
            .removeContainer(RemoveContainerRequest.newBuilder().setContainerId(id).build());
    pods.remove(pod);
    while (seen.isEmpty()
        || !(seen.getLast().getContainerId().equals(pod)
            && seen.getLast().getContainerEventType()
                == ContainerEventType.CONTAINER_DELETED_EVENT)) {
      seen.add(events.next());
    }
    assertThat(seen.stream().filter(e -> e.getContainerId().equals(id)).toList())
        .extracting(ContainerEventResponse::getContainerEventType)
        .containsExactly(
            ContainerEventType.CONTAINER_CREATED_EVENT,
            ContainerEventType.CONTAINER_STARTED_EVENT,
            ContainerEventType.CONTAINER_STOPPED_EVENT,
            ContainerEventType.CONTAINER_DELETED_EVENT);
    assertThat(seen.stream().filter(e -> e.getContainerId().equals(pod)).toList())
        .extracting(ContainerEventResponse::getContainerEventType)
        .containsExactly(
            ContainerEventType.CONTAINER_CREATED_EVENT,
            ContainerEventType.CONTAINER_STARTED_EVENT,
            ContainerEventType.CONTAINER_STOPPED_EVENT,
            ContainerEventType.CONTAINER_DELETED_EVENT);
    ContainerEventResponse stopped =
        seen.stream()
            .filter(e -> e.getContainerId().equals(id))
            .filter(e -> e.getContainerEventType() == ContainerEventType.CONTAINER_STOPPED_EVENT)
            .findFirst()
            .orElseThrow();
    assertThat(stopped.getPodSandboxStatus().getId()).isEqualTo(pod);
    assertThat(stopped.getContainersStatuses(0).getFinishedAt()).isPositive();
    assertThat(stopped.getCreatedAt()).isPositive();
  }

  /**
   * Nothing tells a client that its subscription has begun: pods are made until the event of one
   * arrives.
   */
  private String ready(
      Iterator<ContainerEventResponse> events,
      PodSandboxConfig config,
      List<ContainerEventResponse> seen) {
    AtomicBoolean told = new AtomicBoolean();
    Thread probe =
        Thread.startVirtualThread(
            () -> {
              try (CriPods other = new CriPods(crictl.socket())) {
                while (!told.get()) {
                  other.remove(other.run(CriPods.podConfig("probe").build()));
                }
              }
            });
    events.next();
    told.set(true);
    try {
      probe.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    String pod = pods.run(config);
    seen.clear();
    return pod;
  }

  @Test
  void limitsChangeOfACreatedAndOfARunningContainer() {
    PodSandboxConfig config = CriPods.podConfig("update").build();
    String pod = pods.run(config);
    ContainerConfig.Builder container = CriPods.containerConfig("one", "sleep", "3600");
    container
        .getLinuxBuilder()
        .setResources(
            LinuxContainerResources.newBuilder().setCpuShares(512).setMemoryLimitInBytes(64 << 20));
    String id = pods.create(pod, config, container.build());
    update(id, LinuxContainerResources.newBuilder().setMemoryLimitInBytes(96 << 20));
    pods.start(id);
    assertThat(pods.shell(id, "cat /sys/fs/cgroup/memory/memory.limit_in_bytes"))
        .isEqualTo(Integer.toString(96 << 20));
    update(id, LinuxContainerResources.newBuilder().setCpuQuota(50_000).setCpuPeriod(100_000));
    update(id, LinuxContainerResources.newBuilder().setCpusetCpus("0"));
    assertThat(pods.shell(id, "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us")).isEqualTo("50000");
    assertThat(pods.shell(id, "cat /sys/fs/cgroup/cpuset/cpuset.cpus")).isEqualTo("0");
    LinuxContainerResources told = pods.status(id).getStatus().getResources().getLinux();
    assertThat(told.getCpuShares()).as("zero means leave").isEqualTo(512);
    assertThat(told.getMemoryLimitInBytes()).isEqualTo(96 << 20);
    assertThat(told.getCpuQuota()).isEqualTo(50_000);
    assertThat(told.getCpusetCpus()).isEqualTo("0");
  }

  @Test
  void anUpdateThatIsRefusedInPartChangesNothing() {
    PodSandboxConfig config = CriPods.podConfig("refused").build();
    String pod = pods.run(config);
    String id = sleeper(pod, config, "one");
    String before = pods.shell(id, "cat /sys/fs/cgroup/cpu/cpu.shares");
    Status status =
        CriPods.refusal(
            () ->
                update(
                    id,
                    LinuxContainerResources.newBuilder().setCpuShares(99).setCpusetCpus("4095")));
    assertThat(status.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(status.getDescription()).contains("container one", "cpuset.cpus", "4095");
    assertThat(pods.shell(id, "cat /sys/fs/cgroup/cpu/cpu.shares")).isEqualTo(before);
    assertThat(pods.status(id).getStatus().getResources().getLinux().getCpuShares()).isZero();
    assertThat(
            CriPods.refusal(() -> update("0123", LinuxContainerResources.newBuilder())).getCode())
        .isEqualTo(Status.Code.NOT_FOUND);
  }

  private void update(String id, LinuxContainerResources.Builder resources) {
    var _ =
        pods.runtime()
            .updateContainerResources(
                UpdateContainerResourcesRequest.newBuilder()
                    .setContainerId(id)
                    .setLinux(resources)
                    .build());
  }

  @Test
  void aPodsResourcesAreRememberedAndTold() {
    PodSandboxConfig config =
        CriPods.podConfig("resized")
            .setLinux(
                LinuxPodSandboxConfig.newBuilder()
                    .setOverhead(LinuxContainerResources.newBuilder().setCpuShares(2)))
            .build();
    String pod = pods.run(config);
    var _ =
        pods.runtime()
            .updatePodSandboxResources(
                UpdatePodSandboxResourcesRequest.newBuilder()
                    .setPodSandboxId(pod)
                    .setResources(LinuxContainerResources.newBuilder().setCpuShares(777))
                    .build());
    var info =
        JSON.readTree(
            pods.runtime()
                .podSandboxStatus(
                    PodSandboxStatusRequest.newBuilder()
                        .setPodSandboxId(pod)
                        .setVerbose(true)
                        .build())
                .getInfoOrThrow("info"));
    assertThat(info.at("/resources/linux/cpu_shares").asInt()).isEqualTo(777);
    assertThat(info.at("/overhead/linux/cpu_shares").asInt()).isEqualTo(2);
  }

  @Test
  void verboseStatusesHaveTheShapeThatTemplatesReadOfContainerd() {
    PodSandboxConfig config = CriPods.podConfig("inspect").build();
    String pod = pods.run(config);
    String id = sleeper(pod, config, "one");
    assertThat(crictl.ok("inspect", "-o", "go-template", "--template", "{{.info.pid}}", id))
        .matches("[1-9][0-9]*");
    assertThat(crictl.ok("inspect", "-o", "go-template", "--template", "{{.info.sandboxID}}", id))
        .isEqualTo(pod);
    assertThat(
            crictl.ok(
                "inspect", "-o", "go-template", "--template", "{{.info.config.metadata.name}}", id))
        .isEqualTo("one");
    assertThat(
            crictl.ok(
                "inspect",
                "-o",
                "go-template",
                "--template",
                "{{.info.runtimeSpec.process.args}}",
                id))
        .isEqualTo("[sleep 3600]");
    var sandbox = crictl.json("inspectp", pod);
    String path = "";
    for (var ns : sandbox.at("/info/runtimeSpec/linux/namespaces")) {
      if (ns.path("type").asString("").equals("network")) {
        path = ns.path("path").asString("");
      }
    }
    assertThat(
            Command.run("nsenter", "--net=" + path, "ip", "-o", "-4", "address", "show", "eth0")
                .ok())
        .contains(sandbox.at("/status/network/ip").asString(""));
    assertThat(sandbox.at("/info/cniResult/Interfaces/eth0/IPConfigs/0/IP").asString(""))
        .isEqualTo(sandbox.at("/status/network/ip").asString(""));
  }

  @Test
  void checkpointsAreRefusedWithTheReason() {
    PodSandboxConfig config = CriPods.podConfig("checkpoint").build();
    String pod = pods.run(config);
    String id = sleeper(pod, config, "one");
    Status container =
        CriPods.refusal(
            () -> {
              var _ =
                  pods.runtime()
                      .checkpointContainer(
                          CheckpointContainerRequest.newBuilder()
                              .setContainerId(id)
                              .setLocation("/tmp/x.tar")
                              .build());
            });
    assertThat(container.getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
    assertThat(container.getDescription()).contains("criu");
    Status whole =
        CriPods.refusal(
            () -> {
              var _ =
                  pods.runtime()
                      .checkpointPod(
                          CheckpointPodRequest.newBuilder()
                              .setPodSandboxId(pod)
                              .setOutputPath("/tmp/x")
                              .addContainerIds(id)
                              .build());
            });
    assertThat(whole.getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
  }

  @Test
  void crictlShowsStatsMetricsAndConfiguration() {
    PodSandboxConfig config = CriPods.podConfig("crictl").build();
    String pod = pods.run(config);
    String id = sleeper(pod, config, "one");
    assertThat(crictl.ok("stats", "-s", "0", id)).contains("one");
    assertThat(crictl.ok("statsp", "-s", "0", pod)).contains("crictl");
    assertThat(crictl.ok("metricsp")).contains("container_memory_working_set_bytes");
    assertThat(crictl.ok("metricdescs")).contains("container_cpu_usage_seconds_total");
    assertThat(crictl.ok("runtime-config")).contains("CGROUPFS");
    assertThat(crictl.ok("imagefsinfo")).contains("mountpoint");
    assertThat(crictl.ok("info")).contains("RuntimeReady");
    var _ = crictl.ok("update", "--cpu-share", "333", id);
    assertThat(pods.status(id).getStatus().getResources().getLinux().getCpuShares()).isEqualTo(333);
  }
}
