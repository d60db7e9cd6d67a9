package io.crema.sandbox.model;

import java.util.List;
import java.util.Map;

/**
 * What a container shall be (CRI ContainerConfig). {@code stopSignal} is a name such as {@code
 * SIGTERM}, or empty for the image's.
 */
public record ContainerConfig(
    ContainerMetadata metadata,
    ImageSpec image,
    List<String> command,
    List<String> args,
    String workingDir,
    List<EnvVar> envs,
    List<ContainerMount> mounts,
    List<ContainerDevice> devices,
    List<String> cdiDevices,
    Map<String, String> labels,
    Map<String, String> annotations,
    String logPath,
    boolean stdin,
    boolean stdinOnce,
    boolean tty,
    ContainerResources resources,
    ContainerSecurity security,
    String stopSignal) {
  public ContainerConfig {
    command = List.copyOf(command);
    args = List.copyOf(args);
    envs = List.copyOf(envs);
    mounts = List.copyOf(mounts);
    devices = List.copyOf(devices);
    cdiDevices = List.copyOf(cdiDevices);
    labels = Map.copyOf(labels);
    annotations = Map.copyOf(annotations);
  }

  /** The same with other variables, mounts and devices. */
  ContainerConfig with(
      List<EnvVar> newEnvs, List<ContainerMount> newMounts, List<ContainerDevice> newDevices) {
    return new ContainerConfig(
        metadata,
        image,
        command,
        args,
        workingDir,
        newEnvs,
        newMounts,
        newDevices,
        cdiDevices,
        labels,
        annotations,
        logPath,
        stdin,
        stdinOnce,
        tty,
        resources,
        security,
        stopSignal);
  }
}
