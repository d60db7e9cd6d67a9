package io.crema.sandbox.life;

import io.crema.cni.NetworkException;
import io.crema.runtime.keeper.Exit;
import io.crema.runtime.keeper.Journal;
import io.crema.runtime.keeper.Keeper;
import io.crema.runtime.keeper.LaunchInfo;
import io.crema.runtime.linux.ErrnoException;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.store.ContainerRecord;
import io.crema.sandbox.store.PodRecord;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * What a daemon does first: takes up what an earlier one left, whatever instant that one ended at.
 *
 * <p>Records say what should be, keepers and journals what is. A pod that was being made is undone;
 * one whose keeper is gone has ended; containers of a living keeper run on, and their exits
 * meanwhile are made known.
 */
final class Recovery {
  private static final Logger LOG = System.getLogger("io.crema.sandbox");
  private static final int UNKNOWN_CODE = 255; // as containerd reports what nobody saw end

  private final Node node;
  private final Exits exits;
  private final ContainerExit containerExits;
  private final StopPod stops;
  private final ImageVolumes volumes;

  Recovery(
      Node node, Exits exits, ContainerExit containerExits, StopPod stops, ImageVolumes volumes) {
    this.node = node;
    this.exits = exits;
    this.containerExits = containerExits;
    this.stops = stops;
    this.volumes = volumes;
  }

  void run() throws IOException, InterruptedException {
    for (PodRecord record : node.podRecords().loadAll()) {
      Pod pod = new Pod(record, node.settings().podDirectory(record.id()));
      node.pods().put(pod.id(), pod);
      node.names().put(record.config().metadata(), pod);
    }
    for (ContainerRecord record : node.containerRecords().loadAll()) {
      node.pods()
          .find(record.podId())
          .ifPresentOrElse(
              pod -> {
                Container container = new Container(record, pod);
                pod.add(container);
                node.containers().put(record.id(), container);
              },
              () -> orphan(record));
    }
    Map<Pod, CompletableFuture<Void>> adoptions = new HashMap<>();
    for (Pod pod : node.pods().all()) {
      adoptions.put(pod, CompletableFuture.runAsync(() -> adopt(pod), node.executor()));
    }
    for (var adoption : adoptions.entrySet()) {
      try {
        adoption.getValue().get();
      } catch (ExecutionException e) {
        LOG.log(Level.ERROR, adoption.getKey().display() + ": could not be taken up", e.getCause());
      }
    }
    sweep();
  }

  /** A container whose pod's record is gone: the pod was being removed. */
  private void orphan(ContainerRecord record) {
    try {
      node.images().removeWritableLayer(record.id());
      volumes.release(record.id(), record.effective());
      node.containerRecords().delete(record.id());
    } catch (IOException e) {
      LOG.log(Level.ERROR, "container " + record.id() + " of a removed pod stays", e);
    }
  }

  private void adopt(Pod pod) {
    try {
      if (pod.record().phase() == PodRecord.Phase.STOPPED) {
        pod.containers().forEach(c -> lost(c, "its pod was stopped"));
        return;
      }
      boolean unanswered = pod.record().phase() == PodRecord.Phase.CREATING;
      Keeper keeper = connect(pod);
      if (keeper == null) {
        ended(pod);
      } else {
        pod.keeper(keeper);
        take(pod, keeper);
      }
      if (unanswered) {
        stops.remove(pod.id()); // nobody knows of it, and the next request has the same name
      }
    } catch (IOException | SandboxException e) {
      LOG.log(Level.ERROR, pod.display() + ": could not be taken up", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private @Nullable Keeper connect(Pod pod) throws IOException {
    if (!pod.record().bootId().equals(node.bootId()) || Files.notExists(pod.directory())) {
      return null;
    }
    try {
      Keeper keeper = Keeper.connect(pod.directory(), node.keepers(), exits.of(pod));
      keeper.onClose().thenAccept(why -> exits.keeperClosed(pod, keeper, why));
      return keeper;
    } catch (ErrnoException e) {
      LOG.log(Level.WARNING, "{0}: its keeper is gone: {1}", pod.display(), e.getMessage());
      return null;
    }
  }

  private void take(Pod pod, Keeper keeper)
      throws IOException, SandboxException, InterruptedException {
    pod.namespaces(Waits.get(keeper.held(), pod.display() + ": its namespaces"));
    Map<Long, LaunchInfo> launches = new HashMap<>();
    // Observers first: an exit between the list and its reading is then not missed.
    for (Container container : pod.containers()) {
      if (container.state() != ContainerState.EXITED) {
        pod.observe(container.record().launchId(), exit -> containerExits.exited(container, exit));
      }
    }
    for (LaunchInfo info : Waits.get(keeper.list(), pod.display() + ": its processes")) {
      launches.put(info.id(), info);
      if (info.name().equals(UserNamespaces.HOLDER)) {
        UserNamespaces.abandon(pod, keeper, info.id()); // killed while the pod was being made
      }
      if (info.name().equals("init") && info.state() == LaunchInfo.State.RUNNING) {
        CompletableFuture<Exit> end = new CompletableFuture<>();
        pod.observe(info.id(), end::complete);
        pod.init(new Pod.Init(info.id(), end));
      }
    }
    for (Container container : pod.containers()) {
      if (container.state() != ContainerState.EXITED) {
        take(container, launches.get(container.record().launchId()));
      }
    }
  }

  private void take(Container container, @Nullable LaunchInfo info) throws IOException {
    if (info == null) {
      if (container.state() == ContainerState.CREATED) {
        discard(container); // its creation was never answered
      } else {
        lost(container, "its keeper doesn't know it");
      }
      return;
    }
    switch (info.state()) {
      case WAITING -> {
        container.record(container.record().launched(info.id(), info.pid()));
      }
      case STARTING, RUNNING -> {
        if (container.state()
            == ContainerState.CREATED) { // killed before it could record the start
          long at = info.startedAt() == null ? Node.now() : Node.nanos(info.startedAt());
          ContainerRecord running = container.record().running(info.pid(), at);
          node.containerRecords().save(container.id(), running);
          container.record(running);
        }
      }
      case EXITED -> containerExits.exited(container, info.exit());
      case FAILED -> {
        container.lock().lock();
        try {
          containerExits.end(
              container, Node.now(), 128, "StartError", "failed while the daemon was away");
        } finally {
          container.lock().unlock();
        }
        containerExits.clear(container);
      }
    }
  }

  /**
   * A container that was being created when the daemon was killed: as if it had never been asked
   * for.
   */
  private void discard(Container container) throws IOException {
    containerExits.clear(container);
    node.images().removeWritableLayer(container.id());
    volumes.release(container.id(), container.record().effective());
    node.containerRecords().delete(container.id());
    node.containers().remove(container.id());
    container.pod().remove(container);
  }

  /**
   * The pod's keeper is gone, by a reboot or by force: what its journal tells is true, the rest is
   * over.
   */
  void ended(Pod pod) throws IOException, SandboxException, InterruptedException {
    boolean thisBoot = pod.record().bootId().equals(node.bootId());
    Map<Long, Exit> journal = thisBoot ? Journal.exits(pod.directory()) : Map.of();
    for (Container container : pod.containers()) {
      if (container.state() == ContainerState.EXITED) {
        continue;
      }
      Exit exit = journal.get(container.record().launchId());
      if (exit != null) {
        containerExits.exited(container, exit);
      } else {
        lost(container, "its keeper is gone");
      }
    }
    stops.stop(pod);
  }

  private void lost(Container container, String why) {
    container.lock().lock();
    try {
      if (container.state() == ContainerState.EXITED) {
        return;
      }
      containerExits.end(container, Node.now(), UNKNOWN_CODE, "Unknown", why);
    } finally {
      container.lock().unlock();
    }
    containerExits.clear(container);
  }

  /** Removes what no record names. */
  private void sweep() throws IOException, InterruptedException {
    Set<String> pods = new HashSet<>();
    for (Pod pod : node.pods().all()) {
      if (pod.record().phase() == PodRecord.Phase.READY && !pod.onHostNetwork()) {
        pods.add(pod.id());
      }
    }
    try {
      node.network().reconcile(pods);
    } catch (NetworkException e) {
      LOG.log(Level.ERROR, "the network could not be brought in line with the pods", e);
    }
    for (String layer : List.copyOf(node.images().writableLayers())) {
      if (node.containers().find(ImageVolumes.owner(layer)).isEmpty()) {
        node.images().removeWritableLayer(layer);
      }
    }
    Path directories = node.settings().state().resolve("pods");
    if (Files.notExists(directories)) {
      return;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directories)) {
      for (Path entry : entries) {
        if (node.pods().find(entry.getFileName().toString()).isEmpty()) {
          stops.removeDirectory(entry);
        }
      }
    }
  }
}
