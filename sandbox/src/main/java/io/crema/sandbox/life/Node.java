package io.crema.sandbox.life;

import io.crema.cni.PodNetwork;
import io.crema.image.ImageService;
import io.crema.runtime.cgroup.Cgroups;
import io.crema.runtime.keeper.KeeperLoop;
import io.crema.runtime.keeper.Nursery;
import io.crema.runtime.launch.Templates;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.SandboxSettings;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.model.PodMetadata;
import io.crema.sandbox.store.ContainerRecord;
import io.crema.sandbox.store.Index;
import io.crema.sandbox.store.PodRecord;
import io.crema.sandbox.store.RecordStore;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;

/**
 * What every request works with: the services below, the records, and what lives.
 *
 * @param executor one virtual thread a task
 * @param templates the tiny mount namespaces that containers' own begin as
 * @param names which pod has a name: its metadata is unique
 * @param events who wants to know what happens
 */
public record Node(
    SandboxSettings settings,
    PodNetwork network,
    ImageService images,
    Cgroups cgroups,
    KeeperLoop keepers,
    Nursery nursery,
    Templates templates,
    RecordStore<PodRecord> podRecords,
    RecordStore<ContainerRecord> containerRecords,
    Index<Pod> pods,
    Index<Container> containers,
    Map<PodMetadata, Pod> names,
    ExecutorService executor,
    String bootId,
    Events events) {

  static Map<PodMetadata, Pod> noNames() {
    return new ConcurrentHashMap<>();
  }

  /** Whether all controllers are in the one hierarchy of cgroup v2. */
  boolean unified() {
    return cgroups.layout() == Cgroups.Layout.V2;
  }

  /** The pod, or NOT_FOUND. */
  Pod pod(String id) throws SandboxException {
    return pods.find(id)
        .orElseThrow(
            () ->
                new SandboxException(
                    SandboxException.Code.NOT_FOUND, "pod sandbox \"" + id + "\": not found"));
  }

  /** The container, or NOT_FOUND. */
  Container container(String id) throws SandboxException {
    return containers
        .find(id)
        .orElseThrow(
            () ->
                new SandboxException(
                    SandboxException.Code.NOT_FOUND, "container \"" + id + "\": not found"));
  }

  /** The container, which must be running: else NOT_FOUND or FAILED_PRECONDITION. */
  Container running(String id) throws SandboxException {
    Container container = container(id);
    if (container.state() != ContainerState.RUNNING) {
      throw new SandboxException(
          SandboxException.Code.FAILED_PRECONDITION,
          container.display() + " is " + container.state() + ", not RUNNING");
    }
    return container;
  }

  /** Nanoseconds since the epoch. */
  static long now() {
    return nanos(Clock.systemUTC().instant());
  }

  static long nanos(Instant at) {
    return Math.addExact(Math.multiplyExact(at.getEpochSecond(), 1_000_000_000L), at.getNano());
  }
}
