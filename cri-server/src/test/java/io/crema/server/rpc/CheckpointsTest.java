package io.crema.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.PodStatus;
import io.crema.server.cri.CheckpointContainerRequest;
import io.crema.server.cri.CheckpointPodRequest;
import io.crema.server.cri.ContainerConfig;
import io.crema.server.cri.PodSandboxConfig;
import io.crema.server.cri.PodSandboxMetadata;
import io.crema.server.cri.RestorePodRequest;
import io.crema.server.translate.PodTranslation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointsTest {
  @TempDir Path directory;
  private final FakeRuntime fake = new FakeRuntime();

  @BeforeEach
  void aPod() throws SandboxException {
    PodSandboxConfig config =
        PodSandboxConfig.newBuilder()
            .setMetadata(
                PodSandboxMetadata.newBuilder().setName("web").setNamespace("n").setUid("u"))
            .build();
    fake.pods.put(
        "p",
        new PodStatus(
            "p",
            PodTranslation.toModel("config", config),
            io.crema.sandbox.model.PodState.READY,
            1,
            List.of(),
            "",
            Map.of()));
  }

  private static void assertRefused(
      Throwable thrown, SandboxException.Code code, String... messageParts) {
    assertThat(thrown)
        .isInstanceOfSatisfying(
            SandboxException.class,
            e -> {
              assertThat(e.code()).isEqualTo(code);
              assertThat(e.getMessage()).contains(messageParts);
            });
  }

  private static CheckpointPodRequest.Builder pod() {
    return CheckpointPodRequest.newBuilder()
        .setPodSandboxId("p")
        .setOutputPath("/x")
        .addContainerIds("c");
  }

  @Test
  void aCheckpointIsRefusedWithWhatIsMissing() {
    assertThatThrownBy(() -> new Checkpoints(fake, directory.toString()).pod(pod().build()))
        .satisfies(
            e ->
                assertRefused(
                    e,
                    SandboxException.Code.FAILED_PRECONDITION,
                    "CheckpointPod",
                    "criu not found: install CRIU"));
  }

  @Test
  void withCriuItIsSaidThatThisVersionDoesNotDriveIt() throws Exception {
    Files.createFile(
        directory.resolve("criu"),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    assertThatThrownBy(() -> new Checkpoints(fake, directory.toString()).pod(pod().build()))
        .satisfies(
            e ->
                assertRefused(
                    e,
                    SandboxException.Code.FAILED_PRECONDITION,
                    directory.resolve("criu").toString(),
                    "does not drive it"));
  }

  @Test
  void aWrongRequestIsToldFromOneThatCanNotBeDone() {
    Checkpoints checkpoints = new Checkpoints(fake, "");
    assertThatThrownBy(
            () ->
                checkpoints.container(
                    CheckpointContainerRequest.newBuilder()
                        .setContainerId("c")
                        .setLocation("/x")
                        .build()))
        .satisfies(e -> assertRefused(e, SandboxException.Code.NOT_FOUND, "no container c"));
    assertThatThrownBy(
            () ->
                checkpoints.container(
                    CheckpointContainerRequest.newBuilder().setContainerId("c").build()))
        .satisfies(e -> assertRefused(e, SandboxException.Code.INVALID_ARGUMENT, "location"));
    assertThatThrownBy(
            () ->
                checkpoints.container(
                    CheckpointContainerRequest.newBuilder()
                        .setContainerId("c")
                        .setLocation("/x")
                        .setTimeout(-1)
                        .build()))
        .satisfies(e -> assertRefused(e, SandboxException.Code.INVALID_ARGUMENT, "timeout"));
    assertThatThrownBy(() -> checkpoints.pod(pod().setOutputPath("x").build()))
        .satisfies(e -> assertRefused(e, SandboxException.Code.INVALID_ARGUMENT, "output_path"));
    assertThatThrownBy(() -> checkpoints.pod(pod().clearContainerIds().build()))
        .satisfies(e -> assertRefused(e, SandboxException.Code.INVALID_ARGUMENT, "container_ids"));
    assertThatThrownBy(() -> checkpoints.pod(pod().setPodSandboxId("q").build()))
        .satisfies(e -> assertRefused(e, SandboxException.Code.NOT_FOUND, "no pod q"));
  }

  @Test
  void anOptionThatNobodyKnowsIsRefusedByName() {
    assertThatThrownBy(() -> new Checkpoints(fake, "").pod(pod().putOptions("tcp", "yes").build()))
        .satisfies(e -> assertRefused(e, SandboxException.Code.INVALID_ARGUMENT, "options", "tcp"));
  }

  @Test
  void aRestoreIsRefusedAfterItsChecks() {
    Checkpoints checkpoints = new Checkpoints(fake, "");
    RestorePodRequest.Builder request =
        RestorePodRequest.newBuilder()
            .setCheckpointPath("/x")
            .setConfig(PodSandboxConfig.getDefaultInstance())
            .setRuntimeHandler("crema")
            .addContainerConfigs(ContainerConfig.getDefaultInstance());
    assertThatThrownBy(() -> checkpoints.restore(request.build()))
        .satisfies(e -> assertRefused(e, SandboxException.Code.FAILED_PRECONDITION, "RestorePod"));
    assertThatThrownBy(() -> checkpoints.restore(request.clearContainerConfigs().build()))
        .satisfies(
            e -> assertRefused(e, SandboxException.Code.INVALID_ARGUMENT, "container_configs"));
  }
}
