package io.crema.server.translate;

import io.crema.sandbox.model.ContainerResources;
import io.crema.sandbox.model.DetailedPodStats;
import io.crema.sandbox.model.DetailedStats;
import io.crema.sandbox.model.PodStats;
import io.crema.sandbox.model.ResourceUsage;
import io.crema.server.cri.ContainerMetrics;
import io.crema.server.cri.Metric;
import io.crema.server.cri.MetricDescriptor;
import io.crema.server.cri.MetricType;
import io.crema.server.cri.PodSandboxMetrics;
import io.crema.server.cri.UInt64Value;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of pods and containers, by the names and labels that cAdvisor gives them in the
 * kubelet's /metrics/cadvisor (prometheus.go and pkg/kubelet/server,
 * containerPrometheusLabelsFunc): dashboards need no change.
 *
 * <p>Values are whole numbers, since the CRI has no others: times are in full seconds. What nobody
 * can tell (-1) is left out.
 */
public final class MetricTable {
  private static final long SECOND = 1_000_000_000L;
  private static final List<String> BASE =
      List.of("container", "id", "image", "name", "namespace", "pod");

  /** One value a container. */
  private record Single(
      MetricDescriptor descriptor, MetricType type, ToLongFunction<DetailedStats> value) {}

  /** Several values a container, told apart by more labels. */
  private record Family(MetricDescriptor descriptor, MetricType type, Expansion expansion) {}

  /** What a family is made of. */
  private interface Expansion {
    void each(DetailedStats stats, Sink into);
  }

  /** Takes a value with its own labels. */
  private interface Sink {
    void put(long value, String... labels);
  }

  /** One value an interface of a pod. */
  private record OfInterface(
      MetricDescriptor descriptor, ToLongFunction<PodStats.NetworkUsage> value) {}

  private static final List<Single> SINGLES = new ArrayList<>();
  private static final List<Family> FAMILIES = new ArrayList<>();
  private static final List<OfInterface> NETWORK = new ArrayList<>();

  static {
    cpu();
    memory();
    disk();
    processes();
    pressure();
    specification();
    network();
  }

  private MetricTable() {}

  /** All of them, the same as long as the daemon runs. */
  public static List<MetricDescriptor> descriptors() {
    List<MetricDescriptor> all = new ArrayList<>();
    SINGLES.forEach(s -> all.add(s.descriptor()));
    FAMILIES.forEach(f -> all.add(f.descriptor()));
    NETWORK.forEach(n -> all.add(n.descriptor()));
    return all;
  }

  /** A pod's metrics and those of its containers; gathered just now, so without a time. */
  public static PodSandboxMetrics toProto(DetailedPodStats stats) {
    var metadata = stats.pod().config().metadata();
    PodSandboxMetrics.Builder pod =
        PodSandboxMetrics.newBuilder().setPodSandboxId(stats.pod().id());
    List<String> podLabels =
        List.of("", stats.cgroup(), "", "", metadata.namespace(), metadata.name());
    for (PodStats.NetworkUsage face : stats.interfaces()) {
      for (OfInterface metric : NETWORK) {
        add(
            metric.descriptor(),
            MetricType.COUNTER,
            metric.value().applyAsLong(face),
            with(podLabels, face.interfaceName()),
            pod::addMetrics);
      }
    }
    for (DetailedStats container : stats.containers()) {
      List<String> labels =
          List.of(
              container.container().config().metadata().name(),
              container.cgroup(),
              container.container().imageName(),
              container.container().id(),
              metadata.namespace(),
              metadata.name());
      pod.addContainerMetrics(toProto(container, labels));
    }
    return pod.build();
  }

  private static ContainerMetrics toProto(DetailedStats stats, List<String> labels) {
    ContainerMetrics.Builder out =
        ContainerMetrics.newBuilder().setContainerId(stats.container().id());
    for (Single metric : SINGLES) {
      long value = metric.value().applyAsLong(stats);
      add(metric.descriptor(), metric.type(), value, labels, out::addMetrics);
    }
    for (Family family : FAMILIES) {
      family
          .expansion()
          .each(
              stats,
              (value, more) ->
                  add(
                      family.descriptor(),
                      family.type(),
                      value,
                      with(labels, more),
                      out::addMetrics));
    }
    return out.build();
  }

  private static List<String> with(List<String> labels, String... more) {
    List<String> all = new ArrayList<>(labels);
    all.addAll(List.of(more));
    return all;
  }

  private static void add(
      MetricDescriptor descriptor,
      MetricType type,
      long value,
      List<String> labels,
      java.util.function.Consumer<Metric> into) {
    if (value < 0) {
      return;
    }
    into.accept(
        Metric.newBuilder()
            .setName(descriptor.getName())
            .setMetricType(type)
            .addAllLabelValues(labels)
            .setValue(UInt64Value.newBuilder().setValue(value))
            .build());
  }

  private static MetricDescriptor describe(String name, String help, String... labels) {
    return MetricDescriptor.newBuilder()
        .setName(name)
        .setHelp(help)
        .addAllLabelKeys(with(BASE, labels))
        .build();
  }

  private static void counter(String name, String help, ToLongFunction<DetailedStats> value) {
    SINGLES.add(new Single(describe(name, help), MetricType.COUNTER, value));
  }

  private static void gauge(String name, String help, ToLongFunction<DetailedStats> value) {
    SINGLES.add(new Single(describe(name, help), MetricType.GAUGE, value));
  }

  private static void family(
      String name, String help, MetricType type, List<String> labels, Expansion expansion) {
    FAMILIES.add(new Family(describe(name, help, labels.toArray(String[]::new)), type, expansion));
  }

  private static void cpu() {
    counter(
        "container_cpu_user_seconds_total",
        "Cumulative user CPU time consumed in seconds.",
        s -> s.cpu().user() / SECOND);
    counter(
        "container_cpu_system_seconds_total",
        "Cumulative system CPU time consumed in seconds.",
        s -> s.cpu().system() / SECOND);
    counter(
        "container_cpu_usage_seconds_total",
        "Cumulative CPU time consumed in seconds.",
        s -> s.cpu().total() / SECOND);
    counter(
        "container_cpu_cfs_periods_total",
        "Number of elapsed enforcement period intervals.",
        s -> s.cpu().periods());
    counter(
        "container_cpu_cfs_throttled_periods_total",
        "Number of throttled period intervals.",
        s -> s.cpu().throttledPeriods());
    counter(
        "container_cpu_cfs_throttled_seconds_total",
        "Total time duration the container has been throttled.",
        s -> s.cpu().throttled() / SECOND);
  }

  private static void memory() {
    gauge(
        "container_memory_cache", "Number of bytes of page cache memory.", s -> s.memory().cache());
    gauge("container_memory_rss", "Size of RSS in bytes.", s -> s.memory().rss());
    gauge(
        "container_memory_kernel_usage",
        "Size of kernel memory allocated in bytes.",
        s -> s.memory().kernel());
    gauge(
        "container_memory_mapped_file",
        "Size of memory mapped files in bytes.",
        s -> s.memory().mappedFile());
    gauge("container_memory_swap", "Container swap usage in bytes.", s -> s.memory().swap());
    counter(
        "container_memory_failcnt",
        "Number of memory usage hits limits",
        s -> s.memory().failures());
    gauge(
        "container_memory_usage_bytes",
        "Current memory usage in bytes, including all memory regardless of when it was accessed",
        s -> s.memory().usage());
    gauge(
        "container_memory_max_usage_bytes",
        "Maximum memory usage recorded in bytes",
        s -> s.memory().peak());
    gauge(
        "container_memory_working_set_bytes",
        "Current working set in bytes.",
        s -> s.memory().workingSet());
    gauge(
        "container_memory_total_active_file_bytes",
        "Current total active file in bytes.",
        s -> s.memory().activeFile());
    gauge(
        "container_memory_total_inactive_file_bytes",
        "Current total inactive file in bytes.",
        s -> s.memory().inactiveFile());
    counter(
        "container_oom_events_total",
        "Count of out of memory events observed for the container",
        s -> s.memory().oomKills());
    family(
        "container_memory_failures_total",
        "Cumulative count of memory allocation failures.",
        MetricType.COUNTER,
        List.of("failure_type", "scope"),
        (s, into) -> {
          into.put(s.memory().pageFaults(), "pgfault", "container");
          into.put(s.memory().majorPageFaults(), "pgmajfault", "container");
        });
  }

  private static void disk() {
    ofDisk("container_fs_inodes_free", "Number of available Inodes", d -> d.inodesFree());
    ofDisk("container_fs_inodes_total", "Number of Inodes", d -> d.inodes());
    ofDisk(
        "container_fs_limit_bytes",
        "Number of bytes that can be consumed by the container on this filesystem.",
        d -> d.limitBytes());
    ofDisk(
        "container_fs_usage_bytes",
        "Number of bytes that are consumed by the container on this filesystem.",
        d -> d.usedBytes());
    ofDevice(
        "container_fs_reads_bytes_total", "Cumulative count of bytes read", d -> d.readBytes());
    ofDevice("container_fs_reads_total", "Cumulative count of reads completed", d -> d.reads());
    ofDevice(
        "container_fs_writes_bytes_total",
        "Cumulative count of bytes written",
        d -> d.writeBytes());
    ofDevice("container_fs_writes_total", "Cumulative count of writes completed", d -> d.writes());
    family(
        "container_blkio_device_usage_total",
        "Blkio Device bytes usage",
        MetricType.COUNTER,
        List.of("device", "major", "minor", "operation"),
        (s, into) -> {
          for (DetailedStats.DeviceIo d : s.io()) {
            String major = Integer.toString(d.major());
            String minor = Integer.toString(d.minor());
            into.put(d.readBytes(), d.device(), major, minor, "Read");
            into.put(d.writeBytes(), d.device(), major, minor, "Write");
          }
        });
  }

  private static void ofDisk(String name, String help, ToLongFunction<DetailedStats.Disk> value) {
    family(
        name,
        help,
        MetricType.GAUGE,
        List.of("device"),
        (s, into) -> into.put(value.applyAsLong(s.disk()), s.disk().device()));
  }

  private static void ofDevice(
      String name, String help, ToLongFunction<DetailedStats.DeviceIo> value) {
    family(
        name,
        help,
        MetricType.COUNTER,
        List.of("device"),
        (s, into) -> s.io().forEach(d -> into.put(value.applyAsLong(d), d.device())));
  }

  private static void processes() {
    gauge(
        "container_processes",
        "Number of processes running inside the container.",
        s -> s.processes().processes());
    gauge(
        "container_file_descriptors",
        "Number of open file descriptors for the container.",
        s -> s.processes().descriptors());
    gauge(
        "container_sockets",
        "Number of open sockets for the container.",
        s -> s.processes().sockets());
    gauge(
        "container_threads_max",
        "Maximum number of threads allowed inside the container, infinity if value is zero",
        s -> s.processes().threadsLimit());
    gauge(
        "container_threads",
        "Number of threads running inside the container",
        s -> s.processes().threads());
    family(
        "container_ulimits_soft",
        "Soft ulimit values for the container root process. Unlimited if -1, except priority and"
            + " nice",
        MetricType.GAUGE,
        List.of("ulimit"),
        (s, into) -> into.put(s.processes().openFilesLimit(), "max_open_files"));
    gauge(
        "container_last_seen",
        "Last time a container was seen by the exporter",
        s -> java.time.Instant.now().getEpochSecond());
    gauge(
        "container_start_time_seconds",
        "Start time of the container since unix epoch in seconds.",
        s -> s.container().startedAt() / SECOND);
  }

  private static void pressure() {
    pressure("cpu", s -> s.pressures().cpu());
    pressure("memory", s -> s.pressures().memory());
    pressure("io", s -> s.pressures().io());
  }

  private static void pressure(
      String resource,
      java.util.function.Function<DetailedStats, ResourceUsage.@Nullable Pressure> of) {
    counter(
        "container_pressure_" + resource + "_stalled_seconds_total",
        "Total time duration no tasks in the container could make progress due to "
            + resource
            + " congestion.",
        s -> seconds(of.apply(s), true));
    counter(
        "container_pressure_" + resource + "_waiting_seconds_total",
        "Total time duration tasks in the container have waited due to "
            + resource
            + " congestion.",
        s -> seconds(of.apply(s), false));
  }

  private static long seconds(ResourceUsage.@Nullable Pressure pressure, boolean full) {
    if (pressure == null) {
      return -1;
    }
    return (full ? pressure.full() : pressure.some()).total() / SECOND;
  }

  private static void specification() {
    limit("container_spec_cpu_period", "CPU period of the container.", r -> r.cpuPeriod());
    limit("container_spec_cpu_quota", "CPU quota of the container.", r -> r.cpuQuota());
    limit("container_spec_cpu_shares", "CPU share of the container.", r -> r.cpuShares());
    limit(
        "container_spec_memory_limit_bytes",
        "Memory limit for the container.",
        r -> r.memoryLimit());
    // The CRI has no memory.soft_limit: always zero, as cAdvisor says when there is none.
    limit(
        "container_spec_memory_reservation_limit_bytes",
        "Memory reservation limit for the container.",
        r -> 0);
    limit(
        "container_spec_memory_swap_limit_bytes",
        "Memory swap limit for the container.",
        r -> r.memorySwapLimit());
  }

  private static void limit(String name, String help, ToLongFunction<ContainerResources> value) {
    gauge(name, help, s -> value.applyAsLong(s.container().resources()));
  }

  private static void network() {
    ofInterface("receive_bytes_total", "Cumulative count of bytes received", n -> n.rxBytes());
    ofInterface(
        "receive_packets_total", "Cumulative count of packets received", n -> n.rxPackets());
    ofInterface(
        "receive_packets_dropped_total",
        "Cumulative count of packets dropped while receiving",
        n -> n.rxDropped());
    ofInterface(
        "receive_errors_total",
        "Cumulative count of errors encountered while receiving",
        n -> n.rxErrors());
    ofInterface("transmit_bytes_total", "Cumulative count of bytes transmitted", n -> n.txBytes());
    ofInterface(
        "transmit_packets_total", "Cumulative count of packets transmitted", n -> n.txPackets());
    ofInterface(
        "transmit_packets_dropped_total",
        "Cumulative count of packets dropped while transmitting",
        n -> n.txDropped());
    ofInterface(
        "transmit_errors_total",
        "Cumulative count of errors encountered while transmitting",
        n -> n.txErrors());
  }

  private static void ofInterface(
      String name, String help, ToLongFunction<PodStats.NetworkUsage> value) {
    NETWORK.add(new OfInterface(describe("container_network_" + name, help, "interface"), value));
  }
}
