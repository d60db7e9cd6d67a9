package io.crema.sandbox.life;

import io.crema.sandbox.model.ContainerFilter;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.model.ContainerStatus;
import io.crema.sandbox.model.PodFilter;
import io.crema.sandbox.model.PodState;
import io.crema.sandbox.model.PodStatus;
import io.crema.sandbox.store.ContainerRecord;
import io.crema.sandbox.store.PodRecord;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What clients are told of pods and containers. */
public final class Statuses {
  private final Node node;

  Statuses(Node node) {
    this.node = node;
  }

  static PodStatus of(Pod pod) {
    return of(pod, Map.of());
  }

  /** With what a verbose request gets. */
  static PodStatus of(Pod pod, Map<String, String> info) {
    PodRecord r = pod.record();
    return new PodStatus(
        r.id(),
        r.config(),
        pod.state(),
        r.createdAt(),
        pod.state() == PodState.READY
            ? r.ips()
            : List.of(), // an address that it gave back is another's
        r.runtimeHandler(),
        info);
  }

  static ContainerStatus of(Container container) {
    return of(container, Map.of());
  }

  /** With what a verbose request gets. */
  static ContainerStatus of(Container container, Map<String, String> info) {
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
        info);
  }

  /** Of all containers of {@code pod}. */
  static List<ContainerStatus> containers(Pod pod) {
    return pod.containers().stream().map(Statuses::of).toList();
  }

  public List<PodStatus> list(PodFilter filter) {
    return matching(filter).map(Statuses::of).toList();
  }

  /** The pods that match, the youngest first; one that is named is looked up, not searched for. */
  Stream<Pod> matching(PodFilter filter) {
    Stream<Pod> candidates =
        filter.id().isEmpty() ? node.pods().all().stream() : node.pods().beginningWith(filter.id());
    return candidates
        .filter(p -> filter.state() == null || p.state() == filter.state())
        .filter(p -> has(p.config().labels(), filter.labels()))
        .sorted(Comparator.comparingLong((Pod p) -> p.record().createdAt()).reversed());
  }

  public List<ContainerStatus> list(ContainerFilter filter) {
    return matching(filter).map(Statuses::of).toList();
  }

  /** The containers that match, the youngest first; as for pods. */
  Stream<Container> matching(ContainerFilter filter) {
    return candidates(filter)
        .filter(c -> filter.state() == null || c.state() == filter.state())
        .filter(c -> has(c.record().config().labels(), filter.labels()))
        .sorted(Comparator.comparingLong((Container c) -> c.record().createdAt()).reversed());
  }

  private Stream<Container> candidates(ContainerFilter filter) {
    if (!filter.id().isEmpty()) {
      return node.containers()
          .beginningWith(filter.id())
          .filter(c -> c.pod().id().startsWith(filter.podId()));
    }
    if (!filter.podId().isEmpty()) {
      return node.pods().beginningWith(filter.podId()).flatMap(p -> p.containers().stream());
    }
    return node.containers().all().stream();
  }

  private static boolean has(Map<String, String> labels, Map<String, String> wanted) {
    return labels.entrySet().containsAll(wanted.entrySet());
  }
}
