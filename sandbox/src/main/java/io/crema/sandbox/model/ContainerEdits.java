package io.crema.sandbox.model;

import java.util.ArrayList;
import java.util.List;

/**
 * What a container has beyond what its configuration says: of the devices that it names. Clients
 * are told the configuration as they sent it.
 */
public record ContainerEdits(
    List<EnvVar> envs, List<ContainerDevice> devices, List<ContainerMount> mounts) {
  public ContainerEdits {
    envs = List.copyOf(envs);
    devices = List.copyOf(devices);
    mounts = List.copyOf(mounts);
  }

  /** {@code config} with these; a mount replaces one of the same place. */
  public ContainerConfig apply(ContainerConfig config) {
    List<EnvVar> allEnvs = new ArrayList<>(config.envs());
    allEnvs.addAll(envs);
    List<ContainerDevice> allDevices = new ArrayList<>(config.devices());
    allDevices.addAll(devices);
    List<ContainerMount> allMounts = new ArrayList<>(config.mounts());
    for (ContainerMount mount : mounts) {
      allMounts.removeIf(m -> m.containerPath().equals(mount.containerPath()));
      allMounts.add(mount);
    }
    return config.with(allEnvs, allMounts, allDevices);
  }
}
