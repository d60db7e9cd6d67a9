package io.crema.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerResources;
import io.crema.server.cri.ContainerConfig;
import io.crema.server.cri.ContainerMetadata;
import io.crema.server.cri.ContainerStatsRequest;
import io.crema.server.cri.ContainerStatusRequest;
import io.crema.server.cri.CreateContainerRequest;
import io.crema.server.cri.ExecRequest;
import io.crema.server.cri.ExecSyncRequest;
import io.crema.server.cri.ImageSpec;
import io.crema.server.cri.LinuxContainerResources;
import io.crema.server.cri.ListPodSandboxRequest;
import io.crema.server.cri.NetworkConfig;
import io.crema.server.cri.PodSandboxConfig;
import io.crema.server.cri.PodSandboxMetadata;
import io.crema.server.cri.PodSandboxStatsRequest;
import io.crema.server.cri.PodSandboxStatusRequest;
import io.crema.server.cri.PortForwardRequest;
import io.crema.server.cri.RunPodSandboxRequest;
import io.crema.server.cri.RuntimeConfig;
import io.crema.server.cri.RuntimeServiceGrpc;
import io.crema.server.cri.Signal;
import io.crema.server.cri.StatusRequest;
import io.crema.server.cri.StopPodSandboxRequest;
import io.crema.server.cri.StreamPodSandboxesRequest;
import io.crema.server.cri.UpdatePodSandboxResourcesRequest;
import io.crema.server.cri.UpdateRuntimeConfigRequest;
import io.crema.server.cri.VersionRequest;
import io.crema.server.daemon.CriClient;
import io.crema.server.daemon.CriSocket;
import io.crema.server.log.Logging;
import io.crema.server.streaming.StreamingConfig;
import io.crema.server.streaming.StreamingServer;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The runtime service as a client sees it, over a socket, on a runtime that runs nothing. */
class RuntimeGrpcTest {
  @TempDir Path directory;
  private final FakeRuntime fake = new FakeRuntime();
  private Path address;
  private CriSocket socket;
  private CriClient client;
  private StreamingServer streaming;

  @BeforeAll
  static void quietNetty() {
    Logging.setUp("error");
  }

  @BeforeEach
  void serve() throws Exception {
    address = directory.resolve("crema.sock");
    RuntimeInfo info = new RuntimeInfo(fake, "1.2.3", Map.of("root", "/x"));
    streaming = StreamingServer.open(fake, StreamingConfig.DEFAULT);
    socket = CriSocket.open(address, List.of(new RuntimeGrpc(fake, info, streaming)));
    client = CriClient.connect(address);
  }

  @AfterEach
  void stop() {
    client.close();
    socket.close();
    streaming.close();
  }

  private RuntimeServiceGrpc.RuntimeServiceBlockingStub runtime() {
    return client.runtime();
  }

  private static PodSandboxConfig pod(String name) {
    return PodSandboxConfig.newBuilder()
        .setMetadata(
            PodSandboxMetadata.newBuilder().setName(name).setNamespace("default").setUid("u"))
        .putLabels("app", name)
        .build();
  }

  private String run(String name) {
    return runtime()
        .runPodSandbox(RunPodSandboxRequest.newBuilder().setConfig(pod(name)).build())
        .getPodSandboxId();
  }

  private static void assertCode(Throwable thrown, Status.Code code, String message) {
    assertThat(thrown).isInstanceOf(StatusRuntimeException.class);
    Status status = ((StatusRuntimeException) thrown).getStatus();
    assertThat(status.getCode()).isEqualTo(code);
    assertThat(status.getDescription()).isEqualTo(message);
  }

  @Test
  void saysTheVersionThatTheKubeletWants() {
    var version = runtime().version(VersionRequest.getDefaultInstance());
    assertThat(version.getVersion()).isEqualTo("0.1.0");
    assertThat(version.getRuntimeName()).isEqualTo("crema");
    assertThat(version.getRuntimeVersion()).isEqualTo("1.2.3");
    assertThat(version.getRuntimeApiVersion()).isEqualTo("v1");
  }

  @Test
  void theSocketIsForRootOnly() throws Exception {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(address)))
        .isEqualTo("rw-------");
  }

  @Test
  void aPodIsToldBackAsItWasAsked() {
    String id = run("web");
    var status =
        runtime()
            .podSandboxStatus(PodSandboxStatusRequest.newBuilder().setPodSandboxId(id).build());
    assertThat(status.getStatus().getMetadata().getName()).isEqualTo("web");
    assertThat(status.getStatus().getNetwork().getIp()).isEqualTo("10.88.0.2");
    assertThat(status.getStatus().getNetwork().getAdditionalIps(0).getIp()).isEqualTo("fd00::2");
    assertThat(status.getStatus().getLabelsMap()).containsEntry("app", "web");
    assertThat(status.getTimestamp()).isPositive();
    assertThat(runtime().listPodSandbox(ListPodSandboxRequest.getDefaultInstance()).getItemsList())
        .hasSize(1);
  }

  @Test
  void listsAreStreamedInPieces() {
    for (int i = 0; i < 101; i++) {
      run("p" + i);
    }
    var pieces = runtime().streamPodSandboxes(StreamPodSandboxesRequest.getDefaultInstance());
    assertThat(pieces.next().getPodSandboxesCount()).isEqualTo(100);
    assertThat(pieces.next().getPodSandboxesCount()).isEqualTo(1);
    assertThat(pieces.hasNext()).isFalse();
  }

  @Test
  void aContainerIsToldBackWithAReadableImageItsUserAndItsStopSignal() {
    String podId = run("web");
    String id =
        runtime()
            .createContainer(
                CreateContainerRequest.newBuilder()
                    .setPodSandboxId(podId)
                    .setSandboxConfig(pod("web"))
                    .setConfig(
                        ContainerConfig.newBuilder()
                            .setMetadata(ContainerMetadata.newBuilder().setName("c"))
                            .setImage(ImageSpec.newBuilder().setImage("sha256:abc")))
                    .build())
            .getContainerId();
    var answer =
        runtime()
            .containerStatus(
                ContainerStatusRequest.newBuilder().setContainerId(id).setVerbose(true).build());
    var status = answer.getStatus();
    assertThat(status.getImage().getImage()).isEqualTo("docker.io/library/busybox:1");
    assertThat(status.getImageRef()).isEqualTo("sha256:abc");
    assertThat(status.getImageId()).isEqualTo("sha256:abc");
    assertThat(status.getUser().getLinux().getUid()).isEqualTo(1000);
    assertThat(status.getStopSignal()).isEqualTo(Signal.SIGNAL_SIGRTMINPLUS3);
    assertThat(answer.getInfoMap())
        .containsEntry("info", "{}")
        .containsEntry("plan", "[\"unshare mount\",\"execve /bin/true\"]");
  }

  @ParameterizedTest
  @EnumSource(SandboxException.Code.class)
  void eachCodeOfTheRuntimeIsTheGrpcCodeOfTheSameName(SandboxException.Code code) {
    fake.failure = new SandboxException(code, "stop pod x: because");
    assertThatThrownBy(
            () ->
                runtime()
                    .stopPodSandbox(
                        StopPodSandboxRequest.newBuilder().setPodSandboxId("x").build()))
        .satisfies(e -> assertCode(e, Status.Code.valueOf(code.name()), "stop pod x: because"));
  }

  @Test
  void anUnexpectedErrorIsInternalWithItsMessage() {
    fake.failure = new IllegalStateException("odd");
    assertThatThrownBy(() -> run("web"))
        .satisfies(e -> assertCode(e, Status.Code.INTERNAL, "RunPodSandbox: odd"));
  }

  @Test
  void aFieldThatIsMissingIsNamed() {
    assertThatThrownBy(() -> runtime().runPodSandbox(RunPodSandboxRequest.getDefaultInstance()))
        .satisfies(e -> assertCode(e, Status.Code.INVALID_ARGUMENT, "config: is required"));
    assertThatThrownBy(() -> run(""))
        .satisfies(
            e ->
                assertCode(
                    e, Status.Code.INVALID_ARGUMENT, "config.metadata.name: must not be empty"));
  }

  @Test
  void requestsForStreamsAreCheckedAsTheKubeletExpects() {
    assertThatThrownBy(() -> runtime().exec(ExecRequest.getDefaultInstance()))
        .satisfies(
            e -> assertCode(e, Status.Code.INVALID_ARGUMENT, "container_id: must not be empty"));
    ExecRequest.Builder exec = ExecRequest.newBuilder().setContainerId("x").addCmd("ls");
    assertThatThrownBy(() -> runtime().exec(exec.build()))
        .satisfies(
            e ->
                assertCode(
                    e,
                    Status.Code.INVALID_ARGUMENT,
                    "stdin: one of stdin, stdout, or stderr must be set"));
    assertThatThrownBy(
            () -> runtime().exec(exec.clone().setTty(true).setStdout(true).setStderr(true).build()))
        .satisfies(
            e ->
                assertCode(
                    e, Status.Code.INVALID_ARGUMENT, "stderr: tty and stderr cannot both be true"));
    assertThatThrownBy(() -> runtime().exec(exec.setStdout(true).build()))
        .satisfies(e -> assertCode(e, Status.Code.NOT_FOUND, "no container x"));
    assertThatThrownBy(
            () ->
                runtime()
                    .portForward(
                        PortForwardRequest.newBuilder()
                            .setPodSandboxId(run("web"))
                            .addPort(70000)
                            .build()))
        .satisfies(
            e ->
                assertCode(
                    e, Status.Code.INVALID_ARGUMENT, "port: 70000 is not within 1 to 65535"));
  }

  @Test
  void portForwardingAnswersAnAddressOnTheLoopback() {
    String url =
        runtime()
            .portForward(PortForwardRequest.newBuilder().setPodSandboxId(run("web")).build())
            .getUrl();
    assertThat(url).matches("http://127\\.0\\.0\\.1:[0-9]+/portforward/[A-Za-z0-9_-]{22}");
  }

  @Test
  void aDeadlineInterruptsTheCall() throws Exception {
    // On a loaded machine a short deadline may pass before the call is there: a longer one then.
    for (long millis = 200; fake.execBegan.getCount() > 0; millis *= 2) {
      long deadline = millis;
      assertThatThrownBy(
              () ->
                  runtime()
                      .withDeadlineAfter(deadline, TimeUnit.MILLISECONDS)
                      .execSync(
                          ExecSyncRequest.newBuilder().setContainerId("x").addCmd("block").build()))
          .satisfies(
              e ->
                  assertThat(((StatusRuntimeException) e).getStatus().getCode())
                      .isEqualTo(Status.Code.DEADLINE_EXCEEDED));
    }
    assertThat(fake.execInterrupted.await(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void execTellsOutputAndExitCode() {
    var answer =
        runtime()
            .execSync(
                ExecSyncRequest.newBuilder()
                    .setContainerId("x")
                    .addCmd("echo")
                    .addCmd("hi")
                    .build());
    assertThat(answer.getStdout().toStringUtf8()).isEqualTo("echo hi");
    assertThat(answer.getExitCode()).isEqualTo(3);
  }

  @Test
  void theStatusNamesTheNetworksProblemAndTheHandlers() {
    fake.problem = "no bridge";
    var status = runtime().status(StatusRequest.newBuilder().setVerbose(true).build());
    assertThat(status.getStatus().getConditions(0).getStatus()).isTrue();
    assertThat(status.getStatus().getConditions(1).getType()).isEqualTo("NetworkReady");
    assertThat(status.getStatus().getConditions(1).getStatus()).isFalse();
    assertThat(status.getStatus().getConditions(1).getMessage()).isEqualTo("no bridge");
    assertThat(status.getRuntimeHandlersList())
        .extracting(handler -> handler.getName())
        .containsExactly("", "crema", "runc");
    assertThat(status.getInfoMap()).containsEntry("config", "{\"root\":\"/x\"}");
  }

  @Test
  void figuresThatTheKernelDoesNotTellStayUnset() {
    String id = run("web");
    var stats =
        runtime()
            .podSandboxStats(PodSandboxStatsRequest.newBuilder().setPodSandboxId(id).build())
            .getStats();
    assertThat(stats.getLinux().getCpu().getUsageCoreNanoSeconds().getValue()).isEqualTo(6);
    assertThat(stats.getLinux().getMemory().hasRssBytes()).isFalse();
    assertThat(stats.getLinux().hasNetwork()).isFalse();
  }

  @Test
  void statsOfTheEmptyIdAreNotFoundAsTheKubeletProbes() {
    assertThatThrownBy(() -> runtime().podSandboxStats(PodSandboxStatsRequest.getDefaultInstance()))
        .satisfies(
            e ->
                assertCode(
                    e, Status.Code.NOT_FOUND, "pod_sandbox_id: there is no pod with the empty id"));
  }

  @Test
  void theStatusOfAPodHasThatOfItsContainersAndTheTimeOfBoth() {
    String podId = run("web");
    String id = create(podId);
    var answer =
        runtime()
            .podSandboxStatus(PodSandboxStatusRequest.newBuilder().setPodSandboxId(podId).build());
    assertThat(answer.getContainersStatusesList()).extracting(s -> s.getId()).containsExactly(id);
    assertThat(answer.getTimestamp()).isPositive();
  }

  @Test
  void resourcesOfAPodReachTheRuntimeAndWhatIsNotSentStaysUnknown() {
    String id = run("web");
    runtime()
        .updatePodSandboxResources(
            UpdatePodSandboxResourcesRequest.newBuilder()
                .setPodSandboxId(id)
                .setResources(LinuxContainerResources.newBuilder().setCpuShares(512))
                .build());
    assertThat(fake.podResources).extracting(ContainerResources::cpuShares).isEqualTo(512L);
    assertThat(fake.podOverhead).isNull();
    assertThatThrownBy(
            () ->
                runtime()
                    .updatePodSandboxResources(
                        UpdatePodSandboxResourcesRequest.newBuilder()
                            .setPodSandboxId("gone")
                            .build()))
        .satisfies(e -> assertCode(e, Status.Code.NOT_FOUND, "no pod gone"));
  }

  @Test
  void statsOfAContainerHaveItsPressureAndItsLayer() {
    String id = create(run("web"));
    var stats =
        runtime()
            .containerStats(ContainerStatsRequest.newBuilder().setContainerId(id).build())
            .getStats();
    assertThat(stats.getCpu().getPsi().getSome().getAvg10()).isEqualTo(1.5);
    assertThat(stats.getCpu().getPsi().getFull().getTotal()).isEqualTo(4);
    assertThat(stats.getCpu().hasUsageNanoCores()).isFalse();
    assertThat(stats.getMemory().hasPsi()).isFalse();
    assertThat(stats.getIo().getTimestamp()).isEqualTo(5);
    assertThat(stats.getWritableLayer().getTimestamp()).isEqualTo(4);
    assertThat(stats.getWritableLayer().getInodesUsed().getValue()).isEqualTo(10);
  }

  private String create(String podId) {
    return runtime()
        .createContainer(
            CreateContainerRequest.newBuilder()
                .setPodSandboxId(podId)
                .setSandboxConfig(pod("web"))
                .setConfig(
                    ContainerConfig.newBuilder()
                        .setMetadata(ContainerMetadata.newBuilder().setName("c"))
                        .setImage(ImageSpec.newBuilder().setImage("sha256:abc")))
                .build())
        .getContainerId();
  }

  @Test
  void thePodCidrReachesTheRuntime() {
    runtime()
        .updateRuntimeConfig(
            UpdateRuntimeConfigRequest.newBuilder()
                .setRuntimeConfig(
                    RuntimeConfig.newBuilder()
                        .setNetworkConfig(NetworkConfig.newBuilder().setPodCidr("10.1.0.0/24")))
                .build());
    assertThat(fake.cidrs).isEqualTo("10.1.0.0/24");
  }
}
