package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;

import io.crema.runtime.cgroup.DeviceRule;
import io.crema.runtime.launch.DeviceNode;
import io.crema.runtime.linux.Paths;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.ContainerDevice;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Which device nodes a container has, and which it may open. */
final class Devices {
  private static final Path DEV = Path.of("/dev");

  /** What every container has of its own, so that the host's is never shown. */
  private static final Set<String> OWN =
      Set.of("pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev", "console", "ptmx");

  private final Paths paths;

  Devices(Paths paths) {
    this.paths = paths;
  }

  /** The nodes beside those that every container has. */
  List<DeviceNode> nodes(ContainerConfig config) throws IOException, SandboxException {
    List<DeviceNode> nodes = new ArrayList<>();
    if (config.security().privileged()) {
      walk(DEV, "/dev", nodes, OWN);
    }
    for (ContainerDevice device : config.devices()) {
      String target = device.containerPath().isEmpty() ? device.hostPath() : device.containerPath();
      ContainerDevice.Node said = device.node();
      if (said != null) {
        nodes.add(of(said, target));
        continue;
      }
      Path host = real(device);
      if (Files.isDirectory(host)) {
        walk(host, target, nodes, Set.of());
      } else {
        nodes.add(node(host, target, device));
      }
    }
    return nodes;
  }

  /** Who may open what. */
  List<DeviceRule> rules(ContainerConfig config) throws IOException, SandboxException {
    if (config.security().privileged()) {
      return DeviceRule.EVERYTHING;
    }
    List<DeviceRule> rules = new ArrayList<>(DeviceRule.DEFAULT);
    for (ContainerDevice device : config.devices()) {
      String access = device.permissions().isEmpty() ? "rwm" : device.permissions();
      List<DeviceNode> nodes = new ArrayList<>();
      ContainerDevice.Node said = device.node();
      Path host = said == null ? real(device) : Path.of(device.hostPath());
      if (said != null) {
        nodes.add(of(said, device.containerPath()));
      } else if (Files.isDirectory(host)) {
        walk(host, device.containerPath(), nodes, Set.of());
      } else {
        nodes.add(node(host, device.containerPath(), device));
      }
      for (DeviceNode node : nodes) {
        rules.add(
            DeviceRule.allow(
                node.block() ? DeviceRule.Type.BLOCK : DeviceRule.Type.CHARACTER,
                node.major(),
                node.minor(),
                access));
      }
    }
    return rules;
  }

  private static Path real(ContainerDevice device) throws IOException, SandboxException {
    try {
      return Path.of(device.hostPath()).toRealPath();
    } catch (NoSuchFileException e) {
      throw new SandboxException(
          INVALID_ARGUMENT, "device " + device.hostPath() + ": there is none on the host", e);
    }
  }

  private DeviceNode node(Path host, String target, ContainerDevice device)
      throws IOException, SandboxException {
    Paths.Stat stat = paths.stat(null, host.toString());
    if (stat.type() != Paths.S_IFBLK && stat.type() != Paths.S_IFCHR) {
      throw new SandboxException(
          INVALID_ARGUMENT, "device " + device.hostPath() + ": is not a device node");
    }
    return of(stat, target);
  }

  private static DeviceNode of(ContainerDevice.Node said, String target) {
    return new DeviceNode(
        target,
        said.block(),
        said.major(),
        said.minor(),
        said.mode(),
        (int) said.uid(),
        (int) said.gid());
  }

  private static DeviceNode of(Paths.Stat stat, String target) {
    return new DeviceNode(
        target,
        stat.type() == Paths.S_IFBLK,
        stat.rdevMajor(),
        stat.rdevMinor(),
        stat.mode() & 07777,
        stat.uid(),
        stat.gid());
  }

  private void walk(Path directory, String target, List<DeviceNode> into, Set<String> except)
      throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (except.contains(name)) {
          continue;
        }
        Paths.Stat stat = paths.statIfPresent(null, entry.toString());
        if (stat == null) {
          continue; // unplugged meanwhile
        }
        if (stat.isDirectory()) {
          walk(entry, target + "/" + name, into, Set.of());
        } else if (stat.type() == Paths.S_IFBLK || stat.type() == Paths.S_IFCHR) {
          into.add(of(stat, target + "/" + name));
        }
      }
    }
  }
}
