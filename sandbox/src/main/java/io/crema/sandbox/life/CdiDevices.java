package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;

import io.crema.runtime.linux.Paths;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.cdi.CdiEdits;
import io.crema.sandbox.cdi.CdiException;
import io.crema.sandbox.cdi.CdiNames;
import io.crema.sandbox.cdi.CdiRegistry;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.ContainerDevice;
import io.crema.sandbox.model.ContainerEdits;
import io.crema.sandbox.model.ContainerMount;
import io.crema.sandbox.model.EnvVar;
import io.crema.sandbox.model.Propagation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** From the devices that a container names to what it has. */
final class CdiDevices {
  private final CdiRegistry registry;
  private final Paths paths;

  CdiDevices(CdiRegistry registry, Paths paths) {
    this.registry = registry;
    this.paths = paths;
  }

  /**
   * What the named devices bring.
   *
   * @param groups supplementary groups that the first process gets besides
   */
  record Resolved(ContainerEdits edits, List<Long> groups) {}

  /** Null when the container names none, which then costs nothing. */
  @Nullable Resolved resolve(String container, ContainerConfig config)
      throws IOException, SandboxException {
    List<String> names = CdiNames.of(config.cdiDevices(), config.annotations());
    if (names.isEmpty()) {
      return null;
    }
    try {
      CdiEdits edits = registry.resolve(names);
      List<EnvVar> envs = new ArrayList<>();
      for (String entry : edits.env()) {
        int equals = entry.indexOf('=');
        envs.add(
            new EnvVar(
                entry.substring(0, equals),
                entry.substring(equals + 1).getBytes(StandardCharsets.UTF_8)));
      }
      List<ContainerDevice> devices = new ArrayList<>();
      for (CdiEdits.Node node : edits.nodes()) {
        devices.add(device(node, names));
      }
      return new Resolved(
          new ContainerEdits(
              envs, devices, edits.mounts().stream().map(CdiDevices::mount).toList()),
          edits.groups());
    } catch (CdiException e) {
      throw new SandboxException(INVALID_ARGUMENT, container + ": " + e.getMessage(), e);
    }
  }

  private ContainerDevice device(CdiEdits.Node node, List<String> names)
      throws IOException, SandboxException {
    Path host = Path.of(node.hostPath());
    Paths.Stat stat = paths.statIfPresent(null, host.toString());
    if (stat != null && stat.type() == Paths.S_IFLNK) {
      stat = paths.stat(null, host.toRealPath().toString());
    }
    boolean known = node.major() != null && node.minor() != null && !node.type().isEmpty();
    boolean device = stat != null && (stat.type() == Paths.S_IFBLK || stat.type() == Paths.S_IFCHR);
    if (!known && !device) {
      throw new SandboxException(
          INVALID_ARGUMENT,
          "CDI device of " + names + ": " + node.hostPath() + " is no device node of this host");
    }
    boolean block =
        node.type().isEmpty()
            ? stat != null && stat.type() == Paths.S_IFBLK
            : node.type().equals("b");
    Integer major = node.major();
    Integer minor = node.minor();
    Integer mode = node.mode();
    Long uid = node.uid();
    Long gid = node.gid();
    return new ContainerDevice(
        node.path(),
        node.hostPath(),
        node.permissions(),
        new ContainerDevice.Node(
            block,
            major == null && stat != null ? stat.rdevMajor() : major == null ? 0 : major,
            minor == null && stat != null ? stat.rdevMinor() : minor == null ? 0 : minor,
            mode != null ? mode & 07777 : stat != null ? stat.mode() & 07777 : 0660,
            uid != null ? uid : device && stat != null ? Integer.toUnsignedLong(stat.uid()) : 0,
            gid != null ? gid : device && stat != null ? Integer.toUnsignedLong(stat.gid()) : 0));
  }

  private static ContainerMount mount(CdiEdits.Mount mount) {
    List<String> attributes =
        mount.options().stream().filter(Set.of("noexec", "nodev", "nosuid")::contains).toList();
    Propagation propagation = Propagation.PRIVATE;
    for (String option : mount.options()) {
      propagation =
          switch (option) {
            case "slave", "rslave" -> Propagation.HOST_TO_CONTAINER;
            case "shared", "rshared" -> Propagation.BIDIRECTIONAL;
            case "private", "rprivate" -> Propagation.PRIVATE;
            default -> propagation;
          };
    }
    return new ContainerMount(
        mount.containerPath(),
        mount.hostPath(),
        mount.options().contains("ro"),
        false,
        propagation,
        List.of(),
        List.of(),
        false,
        null,
        "",
        attributes);
  }
}
