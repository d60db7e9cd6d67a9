package io.crema.e2e;

import io.crema.server.cri.ContainerConfig;
import io.crema.server.cri.ContainerMetadata;
import io.crema.server.cri.ContainerStatusRequest;
import io.crema.server.cri.ContainerStatusResponse;
import io.crema.server.cri.CreateContainerRequest;
import io.crema.server.cri.ExecSyncRequest;
import io.crema.server.cri.ExecSyncResponse;
import io.crema.server.cri.ImageServiceGrpc;
import io.crema.server.cri.ImageSpec;
import io.crema.server.cri.LinuxContainerConfig;
import io.crema.server.cri.LinuxContainerSecurityContext;
import io.crema.server.cri.LinuxPodSandboxConfig;
import io.crema.server.cri.LinuxSandboxSecurityContext;
import io.crema.server.cri.NamespaceMode;
import io.crema.server.cri.NamespaceOption;
import io.crema.server.cri.PodSandboxConfig;
import io.crema.server.cri.PodSandboxMetadata;
import io.crema.server.cri.PullImageRequest;
import io.crema.server.cri.RemovePodSandboxRequest;
import io.crema.server.cri.RunPodSandboxRequest;
import io.crema.server.cri.RuntimeServiceGrpc;
import io.crema.server.cri.StartContainerRequest;
import io.crema.server.cri.StopPodSandboxRequest;
import io.crema.server.daemon.CriClient;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.assertj.core.api.Assertions;

/**
 * The CRI as a kubelet calls it: a connection, and the pods that were made through it, which go
 * when it is closed.
 */
final class CriPods implements AutoCloseable {
  static final String BUSYBOX = Node.BUSYBOX;

  private final CriClient client;
  private final List<String> pods = new ArrayList<>();

  CriPods(Path socket) {
    client = CriClient.connect(socket);
  }

  RuntimeServiceGrpc.RuntimeServiceBlockingStub runtime() {
    return client.runtime();
  }

  ImageServiceGrpc.ImageServiceBlockingStub images() {
    return client.images();
  }

  /** Has {@code image} pulled; returns its id. */
  String pull(String image) {
    return images()
        .pullImage(
            PullImageRequest.newBuilder().setImage(ImageSpec.newBuilder().setImage(image)).build())
        .getImageRef();
  }

  /** A pod's configuration with a UID of its own and network of its own. */
  static PodSandboxConfig.Builder podConfig(String name) {
    return PodSandboxConfig.newBuilder()
        .setMetadata(
            PodSandboxMetadata.newBuilder()
                .setName(name)
                .setNamespace("e2e")
                .setUid(UUID.randomUUID().toString()))
        .setHostname(name)
        .setLinux(
            LinuxPodSandboxConfig.newBuilder()
                .setSecurityContext(
                    LinuxSandboxSecurityContext.newBuilder()
                        .setNamespaceOptions(
                            NamespaceOption.newBuilder().setPid(NamespaceMode.CONTAINER))));
  }

  String run(PodSandboxConfig config) {
    String id =
        runtime()
            .runPodSandbox(RunPodSandboxRequest.newBuilder().setConfig(config).build())
            .getPodSandboxId();
    pods.add(id);
    return id;
  }

  /** A busybox container that runs {@code command} in a PID namespace of its own. */
  static ContainerConfig.Builder containerConfig(String name, String... command) {
    return ContainerConfig.newBuilder()
        .setMetadata(ContainerMetadata.newBuilder().setName(name))
        .setImage(ImageSpec.newBuilder().setImage(BUSYBOX).setUserSpecifiedImage(BUSYBOX))
        .addAllCommand(List.of(command))
        .setLinux(
            LinuxContainerConfig.newBuilder()
                .setSecurityContext(
                    LinuxContainerSecurityContext.newBuilder()
                        .setNamespaceOptions(
                            NamespaceOption.newBuilder().setPid(NamespaceMode.CONTAINER))));
  }

  String create(String pod, PodSandboxConfig podConfig, ContainerConfig config) {
    return runtime()
        .createContainer(
            CreateContainerRequest.newBuilder()
                .setPodSandboxId(pod)
                .setSandboxConfig(podConfig)
                .setConfig(config)
                .build())
        .getContainerId();
  }

  String start(String container) {
    var _ =
        runtime()
            .startContainer(StartContainerRequest.newBuilder().setContainerId(container).build());
    return container;
  }

  ContainerStatusResponse status(String container) {
    return runtime()
        .containerStatus(
            ContainerStatusRequest.newBuilder().setContainerId(container).setVerbose(true).build());
  }

  /** Runs a shell command in a container; its standard output, without the last line's end. */
  String shell(String container, String script) {
    ExecSyncResponse answer =
        runtime()
            .execSync(
                ExecSyncRequest.newBuilder()
                    .setContainerId(container)
                    .addAllCmd(List.of("sh", "-c", script))
                    .setTimeout(30)
                    .build());
    Assertions.assertThat(answer.getExitCode())
        .as("%s: %s", script, answer.getStderr().toStringUtf8())
        .isZero();
    return answer.getStdout().toStringUtf8().stripTrailing();
  }

  /** The status that {@code call} fails with. */
  static Status refusal(Runnable call) {
    StatusRuntimeException thrown =
        Assertions.catchThrowableOfType(StatusRuntimeException.class, call::run);
    Assertions.assertThat(thrown).as("the call succeeded").isNotNull();
    return thrown.getStatus();
  }

  /** Stops and removes a pod before the rest. */
  void remove(String pod) {
    var _ =
        runtime().stopPodSandbox(StopPodSandboxRequest.newBuilder().setPodSandboxId(pod).build());
    var _ =
        runtime()
            .removePodSandbox(RemovePodSandboxRequest.newBuilder().setPodSandboxId(pod).build());
    pods.remove(pod);
  }

  @Override
  public void close() {
    try {
      List.copyOf(pods).forEach(this::remove);
    } finally {
      client.close();
    }
  }
}
