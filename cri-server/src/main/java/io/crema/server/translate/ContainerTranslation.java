package io.crema.server.translate;

import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.ContainerDevice;
import io.crema.sandbox.model.ContainerFilter;
import io.crema.sandbox.model.ContainerMetadata;
import io.crema.sandbox.model.ContainerMount;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.model.ContainerStatus;
import io.crema.sandbox.model.ContainerUser;
import io.crema.sandbox.model.EnvVar;
import io.crema.server.cri.CDIDevice;
import io.crema.server.cri.Container;
import io.crema.server.cri.ContainerResources;
import io.crema.server.cri.Device;
import io.crema.server.cri.KeyValue;
import io.crema.server.cri.LinuxContainerConfig;
import io.crema.server.cri.LinuxContainerUser;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Containers: what is asked for, and what is told of them. */
public final class ContainerTranslation {
  private ContainerTranslation() {}

  /** The container that a client asks for. */
  public static ContainerConfig toModel(io.crema.server.cri.ContainerConfig proto)
      throws SandboxException {
    Fields.present("config.metadata", proto.hasMetadata());
    Fields.required("config.metadata.name", proto.getMetadata().getName());
    Fields.required("config.image.image", proto.getImage().getImage());
    LinuxContainerConfig linux = proto.getLinux();
    return new ContainerConfig(
        new ContainerMetadata(proto.getMetadata().getName(), proto.getMetadata().getAttempt()),
        ImageTranslation.toModel(proto.getImage()),
        proto.getCommandList(),
        proto.getArgsList(),
        proto.getWorkingDir(),
        envs(proto.getEnvsList()),
        MountTranslation.toModel("config.mounts", proto.getMountsList()),
        devices(proto.getDevicesList()),
        proto.getCDIDevicesList().stream().map(CDIDevice::getName).toList(),
        proto.getLabelsMap(),
        proto.getAnnotationsMap(),
        proto.getLogPath(),
        proto.getStdin(),
        proto.getStdinOnce(),
        proto.getTty(),
        ResourceTranslation.toModel("config.linux.resources", linux.getResources()),
        SecurityTranslation.container("config.linux.security_context", linux.getSecurityContext()),
        SignalTranslation.toModel("config.stop_signal", proto.getStopSignal()));
  }

  /** Which containers a client wants to see. */
  public static ContainerFilter filter(io.crema.server.cri.ContainerFilter proto)
      throws SandboxException {
    return new ContainerFilter(
        proto.getId(),
        proto.hasState() ? state("filter.state", proto.getState().getState()) : null,
        proto.getPodSandboxId(),
        proto.getLabelSelectorMap());
  }

  /** A container in a list; {@code image} is what its creator asked for. */
  public static Container item(ContainerStatus container) {
    return Container.newBuilder()
        .setId(container.id())
        .setPodSandboxId(container.podId())
        .setMetadata(metadata(container.config().metadata()))
        .setImage(ImageTranslation.toProto(container.config().image()))
        .setImageRef(container.imageRef())
        .setImageId(container.imageId())
        .setState(state(container.state()))
        .setCreatedAt(container.createdAt())
        .putAllLabels(container.config().labels())
        .putAllAnnotations(container.config().annotations())
        .build();
  }

  /** A container in full; {@code image} is a name that a person can read. */
  public static io.crema.server.cri.ContainerStatus status(ContainerStatus container) {
    ContainerConfig config = container.config();
    io.crema.server.cri.ContainerStatus.Builder status =
        io.crema.server.cri.ContainerStatus.newBuilder()
            .setId(container.id())
            .setMetadata(metadata(config.metadata()))
            .setState(state(container.state()))
            .setCreatedAt(container.createdAt())
            .setStartedAt(container.startedAt())
            .setFinishedAt(container.finishedAt())
            .setExitCode(container.exitCode())
            .setImage(
                ImageTranslation.toProto(config.image()).toBuilder()
                    .setImage(container.imageName()))
            .setImageRef(container.imageRef())
            .setImageId(container.imageId())
            .setReason(container.reason())
            .setMessage(container.message())
            .putAllLabels(config.labels())
            .putAllAnnotations(config.annotations())
            .setLogPath(container.logPath())
            .setResources(
                ContainerResources.newBuilder()
                    .setLinux(ResourceTranslation.toProto(container.resources())))
            .setStopSignal(SignalTranslation.toProto(container.stopSignal()));
    for (ContainerMount mount : config.mounts()) {
      status.addMounts(MountTranslation.toProto(mount));
    }
    @Nullable ContainerUser user = container.user();
    if (user != null) {
      status.setUser(
          io.crema.server.cri.ContainerUser.newBuilder()
              .setLinux(
                  LinuxContainerUser.newBuilder()
                      .setUid(user.uid())
                      .setGid(user.gid())
                      .addAllSupplementalGroups(user.supplementalGroups())));
    }
    return status.build();
  }

  /** A container's key within its sandbox. */
  public static io.crema.server.cri.ContainerMetadata metadata(ContainerMetadata model) {
    return io.crema.server.cri.ContainerMetadata.newBuilder()
        .setName(model.name())
        .setAttempt(model.attempt())
        .build();
  }

  private static List<EnvVar> envs(List<KeyValue> proto) throws SandboxException {
    List<EnvVar> envs = new ArrayList<>();
    for (KeyValue env : proto) {
      Fields.required("config.envs.key", env.getKey());
      envs.add(new EnvVar(env.getKey(), env.getValue().toByteArray()));
    }
    return envs;
  }

  private static List<ContainerDevice> devices(List<Device> proto) throws SandboxException {
    List<ContainerDevice> devices = new ArrayList<>();
    for (Device device : proto) {
      Fields.required("config.devices.host_path", device.getHostPath());
      devices.add(
          new ContainerDevice(
              device.getContainerPath(), device.getHostPath(), device.getPermissions()));
    }
    return devices;
  }

  private static ContainerState state(String field, io.crema.server.cri.ContainerState proto)
      throws SandboxException {
    return switch (proto) {
      case CONTAINER_CREATED -> ContainerState.CREATED;
      case CONTAINER_RUNNING -> ContainerState.RUNNING;
      case CONTAINER_EXITED -> ContainerState.EXITED;
      case CONTAINER_UNKNOWN -> ContainerState.UNKNOWN;
      case UNRECOGNIZED -> throw Fields.unknown(field, proto);
    };
  }

  private static io.crema.server.cri.ContainerState state(ContainerState model) {
    return switch (model) {
      case CREATED -> io.crema.server.cri.ContainerState.CONTAINER_CREATED;
      case RUNNING -> io.crema.server.cri.ContainerState.CONTAINER_RUNNING;
      case EXITED -> io.crema.server.cri.ContainerState.CONTAINER_EXITED;
      case UNKNOWN -> io.crema.server.cri.ContainerState.CONTAINER_UNKNOWN;
    };
  }
}
