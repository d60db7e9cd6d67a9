package io.crema.sandbox.life;

import io.crema.sandbox.model.ContainerFilter;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.model.ContainerStatus;
import io.crema.sandbox.model.PodFilter;
import io.crema.sandbox.model.PodStatus;
import io.crema.sandbox.store.ContainerRecord;
import io.crema.sandbox.store.PodRecord;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** What clients are told of pods and containers. */
public final class Statuses {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Node node;

  Statuses(Node node) {
    this.node = node;
  }

  PodStatus of(Pod pod, boolean verbose) {
    PodRecord r = pod.record();
    return new PodStatus(
        r.id(),
        r.config(),
        pod.state(),
        r.createdAt(),
        r.ips(),
        r.runtimeHandler(),
        verbose ? info(pod) : Map.of());
  }

  ContainerStatus of(Container container, boolean verbose) {
    ContainerRecord r = container.record();
    return new ContainerStatus(
        r.id(),
        r.podId(),
        r.config(),
        r.state(),
        r.createdAt(),
        r.startedAt(),
        r.finishedAt(),
        r.exitCode(),
        r.reason(),
        r.message(),
        r.imageId(),
        r.imageName(),
        r.imageId(),
        r.logPath(),
        r.resources(),
        r.user(),
        r.stopSignal(),
        r.state() == ContainerState.RUNNING ? r.pid() : 0,
        verbose ? info(container) : Map.of());
  }

  /** In the shape that tools which know containerd parse: one JSON text under {@code info}. */
  private static Map<String, String> info(Pod pod) {
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("pid", pod.keeperIfAlive().map(k -> k.pid()).orElse(0));
    info.put("processStatus", pod.keeperIfAlive().isPresent() ? "running" : "deleted");
    info.put("runtimeType", "io.crema");
    info.put("runtimeHandler", pod.record().runtimeHandler());
    info.put("cgroupParent", pod.config().cgroupParent());
    info.put("directory", pod.directory().toString());
    info.put("timings", pod.timings());
    return Map.of("info", JSON.writeValueAsString(info));
  }

  private static Map<String, String> info(Container container) {
    ContainerRecord r = container.record();
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("sandboxID", r.podId());
    info.put("pid", r.pid());
    info.put("removing", false);
    info.put("snapshotKey", r.id());
    info.put("runtimeType", "io.crema");
    info.put("cgroupsPath", r.cgroup());
    return Map.of("info", JSON.writeValueAsString(info));
  }

  public List<PodStatus> list(PodFilter filter) {
    return node.pods().all().stream()
        .filter(p -> p.id().startsWith(filter.id()))
        .filter(p -> filter.state() == null || p.state() == filter.state())
        .filter(p -> has(p.config().labels(), filter.labels()))
        .sorted(Comparator.comparingLong((Pod p) -> p.record().createdAt()).reversed())
        .map(p -> of(p, false))
        .toList();
  }

  public List<ContainerStatus> list(ContainerFilter filter) {
    return matching(filter).map(c -> of(c, false)).toList();
  }

  java.util.stream.Stream<Container> matching(ContainerFilter filter) {
    return node.containers().all().stream()
        .filter(c -> c.id().startsWith(filter.id()))
        .filter(c -> c.record().podId().startsWith(filter.podId()))
        .filter(c -> filter.state() == null || c.state() == filter.state())
        .filter(c -> has(c.record().config().labels(), filter.labels()))
        .sorted(Comparator.comparingLong((Container c) -> c.record().createdAt()).reversed());
  }

  private static boolean has(Map<String, String> labels, Map<String, String> wanted) {
    return labels.entrySet().containsAll(wanted.entrySet());
  }
}
