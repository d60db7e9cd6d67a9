package io.crema.sandbox.life;

import io.crema.runtime.cgroup.Cgroup;
import io.crema.runtime.launch.DeviceNode;
import io.crema.runtime.launch.MountSpec;
import io.crema.runtime.launch.StandardMounts;
import io.crema.runtime.linux.MountInfo;
import io.crema.runtime.linux.Mounts;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.ContainerMount;
import io.crema.sandbox.model.Propagation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * What a container has mounted: the standard file systems, the pod's files, and what the client
 * asks for.
 */
final class ContainerMounts {
  private final boolean unified;

  /** For a host with cgroup v2 only, or not. */
  ContainerMounts(boolean unified) {
    this.unified = unified;
  }

  /**
   * @param places where the image's links lead those files to that have one of its keys as their
   *     place
   */
  List<MountSpec> of(
      Pod pod,
      ContainerConfig config,
      Cgroup cgroup,
      List<DeviceNode> devices,
      Map<String, String> places)
      throws IOException {
    boolean privileged = config.security().privileged();
    List<MountSpec> mounts =
        new ArrayList<>(
            StandardMounts.list(
                devices,
                privileged,
                PodDirectory.shm(pod).toString(),
                cgroups(cgroup, !privileged),
                pod.users()));
    boolean readonly = config.security().readonlyRootfs();
    mounts.add(file(PodDirectory.hostname(pod), places, "/etc/hostname", readonly));
    mounts.add(file(PodDirectory.hosts(pod), places, "/etc/hosts", readonly));
    mounts.add(file(PodDirectory.resolvConf(pod), places, "/etc/resolv.conf", readonly));
    List<MountSpec> own = new ArrayList<>();
    for (int i = 0; i < config.mounts().size(); i++) {
      ContainerMount mount = config.mounts().get(i);
      own.add(
          mount.image() == null
              ? bind(mount, places)
              : new MountSpec.Given(
                  mount.containerPath(),
                  ImageVolumes.slot(i),
                  ImageVolumes.words(mount.image(), mount.imageSubPath())));
    }
    // As containerd: what lies deeper is mounted later, whatever order the client has.
    own.sort(Comparator.comparingInt(m -> Path.of(m.containerPath()).normalize().getNameCount()));
    for (MountSpec mount : own) {
      Path at = Path.of(mount.containerPath()).normalize();
      mounts.removeIf(m -> Path.of(m.containerPath()).normalize().equals(at));
    }
    mounts.addAll(own);
    return mounts;
  }

  private static MountSpec file(
      Path source, Map<String, String> places, String target, boolean readonly) {
    return MountSpec.Bind.of(
        source.toString(), places.getOrDefault(target, target), false, readonly);
  }

  private List<MountSpec> cgroups(Cgroup cgroup, boolean readonly) {
    if (unified) {
      return List.of(new MountSpec.Cgroup2("/sys/fs/cgroup", readonly));
    }
    List<MountSpec.Hierarchy> hierarchies = new ArrayList<>();
    int depth = Path.of(cgroup.path().value()).getNameCount();
    for (Path directory : cgroup.directories()) {
      Path mount = directory;
      for (int i = 0; i < depth; i++) {
        mount = java.util.Objects.requireNonNull(mount.getParent());
      }
      hierarchies.add(
          new MountSpec.Hierarchy(mount.getFileName().toString(), directory.toString(), List.of()));
    }
    return List.of(new MountSpec.Cgroup1("/sys/fs/cgroup", hierarchies, readonly));
  }

  /**
   * Makes a directory of every source that is missing, as containerd does for Docker's users, and
   * checks that mounts pass where they shall: at the container's creation only, so that looking at
   * one later brings nothing back that was removed.
   */
  static void makeSources(ContainerConfig config) throws IOException {
    for (ContainerMount mount : config.mounts()) {
      Path source = Path.of(mount.hostPath());
      if (mount.image() == null && Files.notExists(source)) {
        Files.createDirectories(source);
      }
      if (mount.image() == null && mount.propagation() != Propagation.PRIVATE) {
        checkPropagation(mount, source.toRealPath());
      }
    }
  }

  private static MountSpec bind(ContainerMount mount, Map<String, String> places)
      throws IOException {
    Path source = Path.of(mount.hostPath());
    boolean gone = Files.notExists(source); // when the container is only looked at
    Path real = gone ? source : source.toRealPath();
    return new MountSpec.Bind(
        real.toString(),
        places.getOrDefault(mount.containerPath(), mount.containerPath()),
        gone || Files.isDirectory(real),
        mount.readonly(),
        mount.recursiveReadOnly(),
        propagation(mount.propagation()),
        attributes(mount),
        !mount.uidMappings().isEmpty());
  }

  /** {@code MOUNT_ATTR_*} of the client's options. */
  static int attributes(ContainerMount mount) {
    int attributes = 0;
    for (String option : mount.mountOptions()) {
      attributes |=
          switch (option) {
            case "noexec" -> Mounts.MOUNT_ATTR_NOEXEC;
            case "nodev" -> Mounts.MOUNT_ATTR_NODEV;
            case "nosuid" -> Mounts.MOUNT_ATTR_NOSUID;
            default -> throw new IllegalArgumentException("mount option " + option);
          };
    }
    return attributes;
  }

  /** Mounts pass only where the source is on a mount that lets them. */
  private static void checkPropagation(ContainerMount mount, Path source) throws IOException {
    MountInfo on = MountInfo.of(source);
    boolean passes =
        on.shared() || (mount.propagation() == Propagation.HOST_TO_CONTAINER && on.slave());
    if (!passes) {
      throw new IllegalArgumentException(
          "mount %s: propagation %s: host path %s is on the mount %s, which is not shared%s"
              .formatted(
                  mount.containerPath(),
                  mount.propagation(),
                  mount.hostPath(),
                  on.mountPoint(),
                  mount.propagation() == Propagation.BIDIRECTIONAL ? "" : " or a slave"));
    }
  }

  private static MountSpec.Propagation propagation(Propagation propagation) {
    return switch (propagation) {
      case PRIVATE -> MountSpec.Propagation.PRIVATE;
      case HOST_TO_CONTAINER -> MountSpec.Propagation.HOST_TO_CONTAINER;
      case BIDIRECTIONAL -> MountSpec.Propagation.BIDIRECTIONAL;
    };
  }
}
