package io.crema.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.server.cri.Capability;
import io.crema.server.cri.ContainerConfig;
import io.crema.server.cri.ContainerMetadata;
import io.crema.server.cri.ContainerStatusRequest;
import io.crema.server.cri.ExecSyncRequest;
import io.crema.server.cri.ImageSpec;
import io.crema.server.cri.ImageStatusRequest;
import io.crema.server.cri.Int64Value;
import io.crema.server.cri.LinuxContainerResources;
import io.crema.server.cri.LinuxContainerSecurityContext;
import io.crema.server.cri.LinuxContainerUser;
import io.crema.server.cri.Mount;
import io.crema.server.cri.NamespaceMode;
import io.crema.server.cri.NamespaceOption;
import io.crema.server.cri.PodSandboxConfig;
import io.crema.server.cri.PodSandboxStatusRequest;
import io.crema.server.cri.RemoveContainerRequest;
import io.crema.server.cri.RemovePodSandboxRequest;
import io.crema.server.cri.ReopenContainerLogRequest;
import io.crema.server.cri.StartContainerRequest;
import io.crema.server.cri.StopContainerRequest;
import io.crema.server.cri.StopPodSandboxRequest;
import io.crema.server.cri.SupplementalGroupsPolicy;
import io.crema.server.cri.UpdateContainerResourcesRequest;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a container may do, and what is told of what isn't there. */
@InNode
@Timeout(120)
class SecurityFieldsTest {
  private final Daemon daemon;
  private final CriPods pods;

  SecurityFieldsTest(Daemon daemon) {
    this.daemon = daemon;
    pods = new CriPods(daemon.socket());
  }

  @BeforeEach
  void image() {
    pods.pull(CriPods.BUSYBOX);
  }

  @AfterEach
  void close() {
    pods.close();
  }

  private static ContainerConfig.Builder sleeper() {
    return CriPods.containerConfig("one", "sleep", "3600");
  }

  private String started(ContainerConfig.Builder container) {
    PodSandboxConfig config = CriPods.podConfig("security").build();
    return pods.start(pods.create(pods.run(config), config, container.build()));
  }

  private String secured(Consumer<LinuxContainerSecurityContext.Builder> change) {
    ContainerConfig.Builder container = sleeper();
    change.accept(container.getLinuxBuilder().getSecurityContextBuilder());
    return started(container);
  }

  @Test
  void theUserAndGroupsAreThoseOfTheRequest() {
    String id =
        secured(
            s ->
                s.setRunAsUser(Int64Value.newBuilder().setValue(1234))
                    .setRunAsGroup(Int64Value.newBuilder().setValue(1235))
                    .addSupplementalGroups(1236)
                    .setSupplementalGroupsPolicy(SupplementalGroupsPolicy.Strict));
    assertThat(pods.shell(id, "id -u; id -G")).isEqualTo("1234\n1235 1236");
    LinuxContainerUser told = pods.status(id).getStatus().getUser().getLinux();
    assertThat(told.getUid()).isEqualTo(1234);
    assertThat(told.getGid()).isEqualTo(1235);
    assertThat(told.getSupplementalGroupsList()).contains(1236L);
  }

  @Test
  void aUserByNameIsLookedUpInTheImage() {
    String id = secured(s -> s.setRunAsUsername("nobody"));
    String uid = pods.shell(id, "id -u");
    assertThat(uid).isNotEqualTo("0");
    assertThat(Long.toString(pods.status(id).getStatus().getUser().getLinux().getUid()))
        .isEqualTo(uid);
  }

  @Test
  void capabilitiesAreAddedAndDropped() {
    String id =
        secured(
            s ->
                s.setNoNewPrivs(true)
                    .setRunAsUser(Int64Value.newBuilder().setValue(1234))
                    .setCapabilities(
                        Capability.newBuilder()
                            .addDropCapabilities("ALL")
                            .addAddCapabilities("NET_ADMIN")
                            .addAddAmbientCapabilities("NET_ADMIN")));
    assertThat(
            pods.shell(
                id, "grep -E '^(CapBnd|CapAmb|NoNewPrivs)' /proc/1/status | tr -s '\\t' ' '"))
        .isEqualTo("CapBnd: 0000000000001000\nCapAmb: 0000000000001000\nNoNewPrivs: 1");
  }

  @Test
  void pathsAreMaskedAndReadOnlyOnlyWhenTheClientSaysSo() {
    String bare = started(sleeper());
    assertThat(pods.shell(bare, "grep -c ' /proc/' /proc/mounts; true")).isEqualTo("0");
    pods.close(); // the next is in a pod of the same name
    CriPods other = new CriPods(daemon.socket());
    try (other) {
      PodSandboxConfig config = CriPods.podConfig("masked").build();
      ContainerConfig.Builder container = sleeper();
      container
          .getLinuxBuilder()
          .getSecurityContextBuilder()
          .addMaskedPaths("/proc/timer_list")
          .addReadonlyPaths("/proc/sys");
      String id = other.start(other.create(other.run(config), config, container.build()));
      assertThat(other.shell(id, "wc -c < /proc/timer_list")).isEqualTo("0");
      assertThat(other.shell(id, "grep ' /proc/sys ' /proc/mounts")).contains("ro,");
    }
  }

  @Test
  void mountsAreAsTheyWereAskedFor() throws IOException {
    Path source = Files.createDirectories(daemon.directory().resolve("mounted"));
    ContainerConfig.Builder container =
        sleeper()
            .addMounts(
                Mount.newBuilder()
                    .setContainerPath("/m")
                    .setHostPath(source.toString())
                    .setReadonly(true)
                    .addAllMountOptions(List.of("noexec", "nodev", "nosuid")));
    container.getLinuxBuilder().getSecurityContextBuilder().setReadonlyRootfs(true);
    String id = started(container);
    assertThat(pods.shell(id, "grep ' /m ' /proc/mounts | cut -d' ' -f4"))
        .contains("ro")
        .contains("nosuid,nodev,noexec");
    assertThat(pods.shell(id, "touch /m/x 2>&1; touch /x 2>&1; true"))
        .isEqualTo("touch: /m/x: Read-only file system\ntouch: /x: Read-only file system");
    PodSandboxConfig config = CriPods.podConfig("options").build();
    String pod = pods.run(config);
    Status refused =
        CriPods.refusal(
            () ->
                pods.create(
                    pod,
                    config,
                    sleeper()
                        .addMounts(
                            Mount.newBuilder()
                                .setContainerPath("/m")
                                .setHostPath(source.toString())
                                .addMountOptions("sync"))
                        .build()));
    assertThat(refused.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(refused.getDescription()).contains("sync", "noexec");
  }

  @Test
  void anotherContainersProcessesCanBeSeen() {
    PodSandboxConfig config = CriPods.podConfig("target").build();
    String pod = pods.run(config);
    String target =
        pods.start(
            pods.create(pod, config, CriPods.containerConfig("target", "sleep", "4711").build()));
    ContainerConfig.Builder debug = CriPods.containerConfig("debug", "sleep", "3600");
    debug
        .getLinuxBuilder()
        .getSecurityContextBuilder()
        .setNamespaceOptions(
            NamespaceOption.newBuilder().setPid(NamespaceMode.TARGET).setTargetId(target));
    String id = pods.start(pods.create(pod, config, debug.build()));
    assertThat(pods.shell(id, "tr '\\0' ' ' < /proc/1/cmdline").strip()).isEqualTo("sleep 4711");
  }

  @Test
  void aContainersNameAndAttemptAreItsOwn() {
    PodSandboxConfig config = CriPods.podConfig("attempt").build();
    String pod = pods.run(config);
    String first = pods.start(pods.create(pod, config, sleeper().build()));
    Status taken = CriPods.refusal(() -> pods.create(pod, config, sleeper().build()));
    assertThat(taken.getCode()).isEqualTo(Status.Code.ALREADY_EXISTS);
    String second =
        pods.create(
            pod,
            config,
            sleeper()
                .setMetadata(ContainerMetadata.newBuilder().setName("one").setAttempt(1))
                .build());
    assertThat(second).isNotEqualTo(first);
    assertThat(pods.status(second).getStatus().getMetadata().getAttempt()).isEqualTo(1);
  }

  @Test
  void theOomScoreIsThatOfTheRequestAndCanBeChanged() {
    ContainerConfig.Builder container = sleeper();
    container
        .getLinuxBuilder()
        .setResources(LinuxContainerResources.newBuilder().setOomScoreAdj(900));
    String id = started(container);
    assertThat(pods.shell(id, "cat /proc/1/oom_score_adj")).isEqualTo("900");
    var _ =
        pods.runtime()
            .updateContainerResources(
                UpdateContainerResourcesRequest.newBuilder()
                    .setContainerId(id)
                    .setLinux(LinuxContainerResources.newBuilder().setOomScoreAdj(950))
                    .build());
    assertThat(pods.shell(id, "cat /proc/1/oom_score_adj")).isEqualTo("950");
    assertThat(pods.status(id).getStatus().getResources().getLinux().getOomScoreAdj())
        .isEqualTo(950);
  }

  @Test
  void swapIsCountedTogetherWithMemory() {
    ContainerConfig.Builder container = sleeper();
    container
        .getLinuxBuilder()
        .setResources(
            LinuxContainerResources.newBuilder()
                .setMemoryLimitInBytes(64 << 20)
                .setMemorySwapLimitInBytes(96 << 20));
    String id = started(container);
    assertThat(
            pods.shell(
                id,
                "f=/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes;"
                    + " if [ -e $f ]; then cat $f; else echo none; fi"))
        .isIn(Integer.toString(96 << 20), "none");
    assertThat(pods.status(id).getStatus().getResources().getLinux().getMemorySwapLimitInBytes())
        .isEqualTo(96 << 20);
  }

  @Test
  void filesOfVersion2AreRefusedOnVersion1() {
    org.junit.jupiter.api.Assumptions.assumeFalse(
        Files.exists(Path.of("/sys/fs/cgroup/cgroup.controllers")), "this host has cgroup v2");
    PodSandboxConfig config = CriPods.podConfig("unified").build();
    String pod = pods.run(config);
    ContainerConfig.Builder container = sleeper();
    container
        .getLinuxBuilder()
        .setResources(LinuxContainerResources.newBuilder().putUnified("memory.high", "max"));
    Status refused = CriPods.refusal(() -> pods.create(pod, config, container.build()));
    assertThat(refused.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(refused.getDescription()).contains("memory.high", "cgroup v2");
  }

  @Test
  void anImagesConfigurationIsToldVerbosely() {
    var answer =
        pods.images()
            .imageStatus(
                ImageStatusRequest.newBuilder()
                    .setImage(ImageSpec.newBuilder().setImage(CriPods.BUSYBOX))
                    .setVerbose(true)
                    .build());
    assertThat(answer.getInfoOrThrow("info")).contains("\"imageSpec\"", "\"config\"");
  }

  @Test
  void endingWhatIsNotThereIsFine() {
    String id = "0".repeat(64);
    var _ =
        pods.runtime().stopContainer(StopContainerRequest.newBuilder().setContainerId(id).build());
    var _ =
        pods.runtime()
            .removeContainer(RemoveContainerRequest.newBuilder().setContainerId(id).build());
    var _ =
        pods.runtime()
            .stopPodSandbox(StopPodSandboxRequest.newBuilder().setPodSandboxId(id).build());
    var _ =
        pods.runtime()
            .removePodSandbox(RemovePodSandboxRequest.newBuilder().setPodSandboxId(id).build());
  }

  @Test
  void whatIsNotThereIsNotFound() {
    String id = "0".repeat(64);
    PodSandboxConfig config = CriPods.podConfig("none").build();
    var runtime = pods.runtime();
    List<Runnable> calls =
        List.of(
            () ->
                runtime.podSandboxStatus(
                    PodSandboxStatusRequest.newBuilder().setPodSandboxId(id).build()),
            () -> pods.create(id, config, sleeper().build()),
            () ->
                runtime.startContainer(
                    StartContainerRequest.newBuilder().setContainerId(id).build()),
            () ->
                runtime.containerStatus(
                    ContainerStatusRequest.newBuilder().setContainerId(id).build()),
            () ->
                runtime.reopenContainerLog(
                    ReopenContainerLogRequest.newBuilder().setContainerId(id).build()),
            () ->
                runtime.execSync(
                    ExecSyncRequest.newBuilder().setContainerId(id).addCmd("true").build()));
    assertThat(calls)
        .allSatisfy(
            call -> assertThat(CriPods.refusal(call).getCode()).isEqualTo(Status.Code.NOT_FOUND));
  }
}
