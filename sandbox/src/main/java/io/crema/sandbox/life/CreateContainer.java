package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.ALREADY_EXISTS;
import static io.crema.sandbox.SandboxException.Code.FAILED_PRECONDITION;
import static io.crema.sandbox.SandboxException.Code.INTERNAL;
import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;
import static io.crema.sandbox.SandboxException.Code.NOT_FOUND;

import io.crema.image.Image;
import io.crema.image.ImageLease;
import io.crema.image.WritableLayer;
import io.crema.runtime.cgroup.Cgroup;
import io.crema.runtime.cgroup.CgroupPath;
import io.crema.runtime.keeper.Launched;
import io.crema.runtime.launch.UserMap;
import io.crema.runtime.security.ProcessUser;
import io.crema.runtime.security.UnknownUserException;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.ContainerEdits;
import io.crema.sandbox.model.ContainerEvent;
import io.crema.sandbox.model.ContainerMetadata;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.model.ContainerUser;
import io.crema.sandbox.model.PodState;
import io.crema.sandbox.store.ContainerRecord;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * CreateContainer: the container's process exists and does all its slow work (cgroups, mounts) on
 * its own, up to the point where StartContainer lets it execute.
 */
public final class CreateContainer {
  private static final Duration REMOVAL = Duration.ofSeconds(10);

  private record Key(String podId, ContainerMetadata metadata) {
    @Override
    public String toString() {
      return "container " + metadata.name() + " of pod sandbox " + podId;
    }
  }

  private final Node node;
  private final Launches launches;
  private final ContainerExit exits;
  private final ImageVolumes volumes;
  private final CdiDevices cdi;
  private final Attempts<Key> attempts;

  CreateContainer(
      Node node, Launches launches, ContainerExit exits, ImageVolumes volumes, CdiDevices cdi) {
    this.node = node;
    this.launches = launches;
    this.exits = exits;
    this.volumes = volumes;
    this.cdi = cdi;
    this.attempts = new Attempts<>(node.executor());
  }

  public String create(String podId, ContainerConfig config)
      throws SandboxException, InterruptedException {
    Pod pod = node.pod(podId);
    ContainerChecks.check(pod, config);
    return attempts.join(new Key(pod.id(), config.metadata()), () -> begin(pod, config));
  }

  private String begin(Pod pod, ContainerConfig config)
      throws SandboxException, InterruptedException {
    Lock lock = pod.lock().readLock();
    lock.lock();
    try (Rollback rollback = new Rollback()) {
      if (pod.state() != PodState.READY) {
        throw new SandboxException(FAILED_PRECONDITION, pod.display() + " is not ready");
      }
      for (Container known : pod.containers()) {
        if (known.record().config().metadata().equals(config.metadata())) {
          if (known.state() == ContainerState.CREATED) {
            return known.id(); // the answer to the first request got lost
          }
          throw new SandboxException(
              ALREADY_EXISTS,
              known.display() + " has this name and attempt; remove it or ask for the next");
        }
      }
      String id = make(pod, config, rollback);
      rollback.keep();
      return id;
    } catch (UnknownUserException | IllegalArgumentException e) {
      throw new SandboxException(
          INVALID_ARGUMENT,
          "container " + config.metadata().name() + " of " + pod.display() + ": " + e.getMessage(),
          e);
    } catch (IOException e) {
      throw new SandboxException(
          INTERNAL,
          "container " + config.metadata().name() + " of " + pod.display() + ": " + e.getMessage(),
          e);
    } finally {
      lock.unlock();
    }
  }

  private String make(Pod pod, ContainerConfig config, Rollback rollback)
      throws IOException, SandboxException, UnknownUserException, InterruptedException {
    String id = Ids.next();
    try (ImageLease lease = lease(pod, config)) {
      Image image = lease.image();
      CdiDevices.Resolved devices = cdi.resolve(what(pod, config), config);
      ProcessUser user = user(pod, launches.user(pod, config, lease), devices);
      ContainerRecord record =
          record(id, pod, config, image, user, devices == null ? null : devices.edits());
      ContainerConfig effective = record.effective();
      Container container = new Container(record, pod);
      // Recorded first: whatever a killed daemon leaves of this container is found by its record.
      node.containerRecords().save(id, record);
      rollback.add(() -> node.containerRecords().delete(id));
      WritableLayer layer = node.images().createWritableLayer(id, image.id());
      rollback.add(() -> node.images().removeWritableLayer(id));
      if (ImageVolumes.any(effective)) {
        rollback.add(() -> volumes.release(id, effective));
        volumes.hold(id, effective);
      }
      Cgroup cgroup =
          node.cgroups()
              .create(
                  new CgroupPath(record.cgroup()),
                  Limits.of(config.resources(), launches.devices().rules(effective)));
      rollback.add(
          () -> {
            cgroup.kill();
            cgroup.remove(REMOVAL);
          });
      pod.observe(record.launchId(), exit -> exits.exited(container, exit));
      rollback.add(() -> pod.forget(record.launchId()));
      Launched launched = launches.launch(container, lease.config(), user, layer, cgroup);
      container.record(record.launched(record.launchId(), launched.pid()));
      pod.add(container);
      node.containers().put(id, container);
      node.events().send(ContainerEvent.Kind.CREATED, container);
    }
    return id;
  }

  private static String what(Pod pod, ContainerConfig config) {
    return "container " + config.metadata().name() + " of " + pod.display();
  }

  /** With the groups that its devices need. */
  private static ProcessUser user(
      Pod pod, ProcessUser user, CdiDevices.@Nullable Resolved devices) {
    if (devices == null || devices.groups().isEmpty()) {
      return user;
    }
    Set<Integer> groups = new TreeSet<>(Integer::compareUnsigned);
    groups.addAll(user.groups());
    devices.groups().stream().filter(g -> g != 0).forEach(g -> groups.add((int) (long) g));
    UserMap map = pod.users();
    if (map != null) {
      groups.forEach(map::hostGidOf); // throws for what isn't mapped
    }
    return new ProcessUser(user.uid(), user.gid(), List.copyOf(groups), user.home());
  }

  private ImageLease lease(Pod pod, ContainerConfig config)
      throws IOException, SandboxException, InterruptedException {
    String image = config.image().image();
    try {
      return node.images().lease(image);
    } catch (NoSuchElementException e) {
      throw new SandboxException(
          NOT_FOUND,
          "container "
              + config.metadata().name()
              + " of "
              + pod.display()
              + ": image \""
              + image
              + "\" is not on this node; pull it first",
          e);
    }
  }

  private static ContainerRecord record(
      String id,
      Pod pod,
      ContainerConfig config,
      Image image,
      ProcessUser user,
      @Nullable ContainerEdits edits)
      throws SandboxException {
    String parent = pod.config().cgroupParent();
    CgroupPath cgroup = CgroupPath.ofCri(parent.isEmpty() ? "/crema" : parent).child(id);
    return new ContainerRecord(
        ContainerRecord.VERSION,
        id,
        pod.id(),
        config,
        ContainerState.CREATED,
        Ids.nextLaunch(),
        image.id(),
        name(config, image),
        cgroup.value(),
        config.resources(),
        new ContainerUser(
            user.uid(), user.gid(), user.groups().stream().map(Integer::longValue).toList()),
        ProcessConfig.stopSignal(config, image.config()),
        LogFile.path(pod.config(), config),
        0,
        Node.now(),
        0,
        0,
        0,
        "",
        "",
        edits);
  }

  /** A name that people know the image by. */
  private static String name(ContainerConfig config, Image image) {
    if (!image.repoTags().isEmpty()) {
      return image.repoTags().getFirst();
    }
    if (!image.repoDigests().isEmpty()) {
      return image.repoDigests().getFirst();
    }
    return config.image().image();
  }
}
