package io.crema.sandbox.life;

import io.crema.runtime.cgroup.Cgroup;
import io.crema.runtime.launch.DeviceNode;
import io.crema.runtime.launch.MountSpec;
import io.crema.runtime.launch.StandardMounts;
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

  List<MountSpec> of(Pod pod, ContainerConfig config, Cgroup cgroup, List<DeviceNode> devices)
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
    mounts.add(file(PodDirectory.hostname(pod), "/etc/hostname", readonly));
    mounts.add(file(PodDirectory.hosts(pod), "/etc/hosts", readonly));
    mounts.add(file(PodDirectory.resolvConf(pod), "/etc/resolv.conf", readonly));
    List<MountSpec> own = new ArrayList<>();
    for (int i = 0; i < config.mounts().size(); i++) {
      ContainerMount mount = config.mounts().get(i);
      own.add(
          mount.image() == null
              ? bind(mount)
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

  private static MountSpec file(Path source, String target, boolean readonly) {
    return MountSpec.Bind.of(source.toString(), target, false, readonly);
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
   * Makes a directory of every source that is missing, as containerd does for Docker's users: at
   * the container's creation only, so that looking at one later brings nothing back that was
   * removed.
   */
  static void makeSources(ContainerConfig config) throws IOException {
    for (ContainerMount mount : config.mounts()) {
      Path source = Path.of(mount.hostPath());
      if (mount.image() == null && Files.notExists(source)) {
        Files.createDirectories(source);
      }
    }
  }

  private static MountSpec bind(ContainerMount mount) throws IOException {
    Path source = Path.of(mount.hostPath());
    boolean gone = Files.notExists(source); // when the container is only looked at
    Path real = gone ? source : source.toRealPath();
    return new MountSpec.Bind(
        real.toString(),
        mount.containerPath(),
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

  private static MountSpec.Propagation propagation(Propagation propagation) {
    return switch (propagation) {
      case PRIVATE -> MountSpec.Propagation.PRIVATE;
      case HOST_TO_CONTAINER -> MountSpec.Propagation.HOST_TO_CONTAINER;
      case BIDIRECTIONAL -> MountSpec.Propagation.BIDIRECTIONAL;
    };
  }
}
