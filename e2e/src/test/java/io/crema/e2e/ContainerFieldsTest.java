package io.crema.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.crema.server.cri.CDIDevice;
import io.crema.server.cri.ContainerConfig;
import io.crema.server.cri.ContainerState;
import io.crema.server.cri.ContainerStatus;
import io.crema.server.cri.DNSConfig;
import io.crema.server.cri.Device;
import io.crema.server.cri.HugepageLimit;
import io.crema.server.cri.ImageSpec;
import io.crema.server.cri.KeyValue;
import io.crema.server.cri.LinuxContainerResources;
import io.crema.server.cri.LinuxPodSandboxConfig;
import io.crema.server.cri.Mount;
import io.crema.server.cri.PodSandboxConfig;
import io.crema.server.cri.PodSandboxStatusRequest;
import io.crema.server.cri.RemoveImageRequest;
import io.crema.server.cri.RunPodSandboxRequest;
import io.crema.server.cri.Signal;
import io.crema.server.cri.StopContainerRequest;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Fields of pods and containers, by what the container sees and what clients are told. */
@InNode
@Timeout(120)
class ContainerFieldsTest {
  private static final String NGINX = Node.NGINX;
  private final Daemon daemon;
  private final CriPods pods;

  ContainerFieldsTest(Daemon daemon) {
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

  private String started(PodSandboxConfig config, ContainerConfig container) {
    return pods.start(pods.create(pods.run(config), config, container));
  }

  /** A container that has run to its end. */
  private ContainerStatus ended(ContainerConfig container) {
    String id = started(CriPods.podConfig("ends").build(), container);
    Await.until(
        "the container has ended",
        Duration.ofSeconds(60),
        () -> pods.status(id).getStatus().getState() == ContainerState.CONTAINER_EXITED);
    return pods.status(id).getStatus();
  }

  @Test
  void anImageIsAReadOnlyVolume() {
    String image = pods.pull(NGINX);
    PodSandboxConfig config = CriPods.podConfig("volume").build();
    ContainerConfig container =
        sleeper()
            .addMounts(
                Mount.newBuilder()
                    .setContainerPath("/image")
                    .setReadonly(true)
                    .setImage(ImageSpec.newBuilder().setImage(image)))
            .addMounts(
                Mount.newBuilder()
                    .setContainerPath("/part")
                    .setReadonly(true)
                    .setImage(ImageSpec.newBuilder().setImage(image))
                    .setImageSubPath("etc/nginx")
                    .addMountOptions("noexec"))
            .build();
    String id = started(config, container);
    assertThat(pods.shell(id, "ls /image/etc/nginx/nginx.conf /part/nginx.conf"))
        .isEqualTo("/image/etc/nginx/nginx.conf\n/part/nginx.conf");
    assertThat(pods.shell(id, "touch /image/x 2>&1; touch /part/x 2>&1; true"))
        .isEqualTo("touch: /image/x: Read-only file system\ntouch: /part/x: Read-only file system");
    assertThat(pods.shell(id, "grep ' /part ' /proc/mounts")).contains("ro,nosuid,nodev,noexec");
    assertThat(pods.status(id).getStatus().getMountsList())
        .extracting(m -> m.getImage().getImage(), m -> m.getImageSubPath())
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple(image, ""),
            org.assertj.core.groups.Tuple.tuple(image, "etc/nginx"));
  }

  @Test
  void anImageInUseAsAVolumeStaysUntilItsContainerGoesAlsoOverARestart() throws Exception {
    String image = pods.pull(NGINX);
    PodSandboxConfig config = CriPods.podConfig("held").build();
    String id =
        started(
            config,
            sleeper()
                .addMounts(
                    Mount.newBuilder()
                        .setContainerPath("/image")
                        .setImage(ImageSpec.newBuilder().setImage(image)))
                .build());
    daemon.kill();
    daemon.start();
    var _ =
        pods.images()
            .removeImage(
                RemoveImageRequest.newBuilder()
                    .setImage(ImageSpec.newBuilder().setImage(image))
                    .build());
    assertThat(pods.shell(id, "cat /image/etc/nginx/nginx.conf")).isNotEmpty();
    assertThat(pods.status(id).getStatus().getState()).isEqualTo(ContainerState.CONTAINER_RUNNING);
  }

  @Test
  void aVolumeThatCanNotBeSaysSoAsTheKubeletExpects() {
    String image = pods.pull(NGINX);
    PodSandboxConfig config = CriPods.podConfig("novolume").build();
    String pod = pods.run(config);
    Status absent =
        CriPods.refusal(() -> pods.create(pod, config, withImage("example.org/none:1", "")));
    assertThat(absent.getCode()).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(absent.getDescription()).startsWith("ImageVolumeMountFailed").contains("none:1");
    Status part = CriPods.refusal(() -> pods.create(pod, config, withImage(image, "no/such")));
    assertThat(part.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(part.getDescription())
        .startsWith("ImageVolumeMountFailed")
        .contains("no/such", "does not exist");
    Status file =
        CriPods.refusal(() -> pods.create(pod, config, withImage(image, "etc/nginx/nginx.conf")));
    assertThat(file.getDescription()).startsWith("ImageVolumeMountFailed").contains("no directory");
    Status out =
        CriPods.refusal(() -> pods.create(pod, config, withImage(image, "../../../home/x")));
    assertThat(out.getDescription()).startsWith("ImageVolumeMountFailed");
  }

  private static ContainerConfig withImage(String image, String part) {
    return sleeper()
        .addMounts(
            Mount.newBuilder()
                .setContainerPath("/image")
                .setReadonly(true)
                .setImage(ImageSpec.newBuilder().setImage(image))
                .setImageSubPath(part))
        .build();
  }

  @Test
  void aCdiDeviceBringsItsNodeVariablesMountsAndGroups() throws IOException {
    Path file = Path.of("/var/run/cdi/crema-e2e.yaml");
    Path shown = Files.createDirectories(daemon.directory().resolve("cdi-mount"));
    Files.writeString(shown.resolve("f"), "from the vendor\n");
    Files.createDirectories(file.getParent());
    try {
      Files.writeString(
          file,
          """
          cdiVersion: "0.6.0"
          kind: crema.io/e2e
          containerEdits:
            env: ["COMMON=yes"]
          devices:
            - name: zero
              containerEdits:
                env: ["DEVICE=zero"]
                deviceNodes:
                  - {path: /dev/vendor/zero, hostPath: /dev/zero, permissions: rw}
                mounts:
                  - {hostPath: %s, containerPath: /vendor, options: [ro, bind]}
                additionalGids: [4321]
            - name: hooked
              containerEdits:
                hooks: [{hookName: createRuntime, path: /bin/true}]
          """
              .formatted(shown));
      PodSandboxConfig config = CriPods.podConfig("cdi").build();
      String pod = pods.run(config);
      String id =
          pods.start(
              pods.create(
                  pod,
                  config,
                  sleeper()
                      .addCDIDevices(CDIDevice.newBuilder().setName("crema.io/e2e=zero"))
                      .build()));
      assertThat(pods.shell(id, "echo $COMMON $DEVICE; cat /vendor/f; id -G"))
          .isEqualTo("yes zero\nfrom the vendor\n0 4321");
      assertThat(pods.shell(id, "head -c 4 /dev/vendor/zero | od -An -tx1").strip())
          .isEqualTo("00 00 00 00");
      assertThat(pods.status(id).getStatus().getUser().getLinux().getSupplementalGroupsList())
          .contains(4321L);
      assertThat(pods.status(id).getStatus().getMountsList()).as("as it was asked for").isEmpty();
      String annotated =
          pods.start(
              pods.create(
                  pod,
                  config,
                  CriPods.containerConfig("two", "sleep", "3600")
                      .putAnnotations("cdi.k8s.io/x", "crema.io/e2e=zero")
                      .build()));
      assertThat(pods.shell(annotated, "echo $DEVICE")).isEqualTo("zero");
      Status hooked =
          CriPods.refusal(
              () ->
                  pods.create(
                      pod,
                      config,
                      CriPods.containerConfig("three", "true")
                          .addCDIDevices(CDIDevice.newBuilder().setName("crema.io/e2e=hooked"))
                          .build()));
      assertThat(hooked.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(hooked.getDescription())
          .contains("crema.io/e2e=hooked", "crema-e2e.yaml", "createRuntime /bin/true");
    } finally {
      Files.deleteIfExists(file);
      Files.delete(file.getParent());
    }
  }

  @Test
  void aDeviceOfTheHostIsThereWithItsPermissions() {
    String id =
        started(
            CriPods.podConfig("device").build(),
            sleeper()
                .addDevices(
                    Device.newBuilder()
                        .setHostPath("/dev/null")
                        .setContainerPath("/dev/mine")
                        .setPermissions("r"))
                .build());
    assertThat(pods.shell(id, "ls -l /dev/mine")).startsWith("crw").contains("1,   3");
  }

  @Test
  void valuesOfTheEnvironmentAreBytes() {
    byte[] latin1 = {'a', (byte) 0xe9};
    String id =
        started(
            CriPods.podConfig("env").build(),
            sleeper()
                .addEnvs(KeyValue.newBuilder().setKey("W").setValue(ByteString.copyFrom(latin1)))
                .build());
    assertThat(pods.shell(id, "printf %s \"$W\" | od -An -tx1").strip()).isEqualTo("61 e9");
    assertThat(pods.shell(id, "echo $HOSTNAME")).isEqualTo("env");
  }

  @Test
  void aMissingSourceOfAMountIsMadeADirectory() throws IOException {
    Path source = daemon.directory().resolve("made/by/mount");
    String id =
        started(
            CriPods.podConfig("mount").build(),
            sleeper()
                .addMounts(Mount.newBuilder().setContainerPath("/m").setHostPath(source.toString()))
                .build());
    assertThat(Files.isDirectory(source)).isTrue();
    assertThat(pods.shell(id, "touch /m/f && ls /m")).isEqualTo("f");
    assertThat(pods.status(id).getStatus().getMounts(0).getHostPath())
        .as("the kubelet finds the termination log by it")
        .isEqualTo(source.toString());
  }

  @Test
  void labelsAndAnnotationsAreToldUnaltered() {
    Map<String, String> odd = Map.of("io.kubernetes.x/y", "a=b,c", "empty", "", "ünïcode", "☕\n");
    PodSandboxConfig config =
        CriPods.podConfig("labels").putAllLabels(odd).putAllAnnotations(odd).build();
    String pod = pods.run(config);
    String id =
        pods.create(pod, config, sleeper().putAllLabels(odd).putAllAnnotations(odd).build());
    var sandbox =
        pods.runtime()
            .podSandboxStatus(PodSandboxStatusRequest.newBuilder().setPodSandboxId(pod).build());
    assertThat(sandbox.getStatus().getLabelsMap()).isEqualTo(odd);
    assertThat(sandbox.getStatus().getAnnotationsMap()).isEqualTo(odd);
    assertThat(pods.status(id).getStatus().getLabelsMap()).isEqualTo(odd);
    assertThat(pods.status(id).getStatus().getAnnotationsMap()).isEqualTo(odd);
    assertThat(sandbox.getContainersStatusesList())
        .as("filled, and with a time, or neither")
        .extracting(ContainerStatus::getId)
        .containsExactly(id);
    assertThat(sandbox.getTimestamp()).isPositive();
  }

  @Test
  void aPodsFilesSayWhatItsConfigurationSays() {
    PodSandboxConfig config =
        CriPods.podConfig("files")
            .setHostname("my-host")
            .setDnsConfig(
                DNSConfig.newBuilder()
                    .addServers("192.0.2.7")
                    .addSearches("a.example")
                    .addOptions("ndots:3"))
            .build();
    String id = started(config, sleeper().build());
    assertThat(pods.shell(id, "hostname; cat /etc/hostname")).isEqualTo("my-host\nmy-host");
    assertThat(pods.shell(id, "cat /etc/resolv.conf"))
        .isEqualTo("search a.example\nnameserver 192.0.2.7\noptions ndots:3");
  }

  @Test
  void sysctlsAreThePodsAndTheUsualOnesAreSet() {
    PodSandboxConfig.Builder config = CriPods.podConfig("sysctl");
    config.setLinux(
        config.getLinuxBuilder().putSysctls("net.ipv4.ip_local_port_range", "2000 3000"));
    String id = started(config.build(), sleeper().build());
    assertThat(
            pods.shell(
                id,
                "cd /proc/sys/net/ipv4; cat ip_unprivileged_port_start ping_group_range"
                    + " ip_local_port_range | tr '\\t' ' '"))
        .isEqualTo("0\n0 2147483647\n2000 3000");
  }

  @Test
  void anUnknownRuntimeHandlerIsRefusedAndNothingIsLeft() {
    PodSandboxConfig config = CriPods.podConfig("handler").build();
    Status refused =
        CriPods.refusal(
            () -> {
              var _ =
                  pods.runtime()
                      .runPodSandbox(
                          RunPodSandboxRequest.newBuilder()
                              .setConfig(config)
                              .setRuntimeHandler("kata")
                              .build());
            });
    assertThat(refused.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(refused.getDescription()).contains("kata");
  }

  @Test
  void aPrivilegedContainerNeedsAPrivilegedSandbox() {
    PodSandboxConfig config = CriPods.podConfig("plain").build();
    ContainerConfig.Builder container = sleeper();
    container.getLinuxBuilder().getSecurityContextBuilder().setPrivileged(true);
    String pod = pods.run(config);
    Status refused = CriPods.refusal(() -> pods.create(pod, config, container.build()));
    assertThat(refused.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(refused.getDescription()).contains("privileged");
  }

  @Test
  void theStopSignalOfTheRequestIsSentAndTold() {
    PodSandboxConfig config = CriPods.podConfig("signal").build();
    String id =
        started(
            config,
            CriPods.containerConfig(
                    "one",
                    "sh",
                    "-c",
                    "trap 'exit 42' 37; trap 'exit 1' TERM; while :; do sleep 0.1; done")
                .setStopSignal(Signal.SIGNAL_SIGRTMINPLUS3)
                .build());
    assertThat(pods.status(id).getStatus().getStopSignal()).isEqualTo(Signal.SIGNAL_SIGRTMINPLUS3);
    pods.shell(id, "until kill -0 1; do :; done");
    var _ =
        pods.runtime()
            .stopContainer(
                StopContainerRequest.newBuilder().setContainerId(id).setTimeout(30).build());
    assertThat(pods.status(id).getStatus().getExitCode()).isEqualTo(42);
  }

  @Test
  void theReasonOfAnEndIsItsOwn() {
    ContainerStatus fine = ended(CriPods.containerConfig("one", "true").build());
    assertThat(fine.getReason()).isEqualTo("Completed");
    ContainerStatus wrong = ended(CriPods.containerConfig("one", "sh", "-c", "exit 3").build());
    assertThat(wrong.getReason()).isEqualTo("Error");
    assertThat(wrong.getExitCode()).isEqualTo(3);
    PodSandboxConfig config = CriPods.podConfig("starterror").build();
    String id =
        pods.create(pods.run(config), config, CriPods.containerConfig("one", "/no/such").build());
    Status refused = CriPods.refusal(() -> pods.start(id));
    assertThat(refused.getDescription()).contains("/no/such");
    ContainerStatus never = pods.status(id).getStatus();
    assertThat(never.getReason()).isEqualTo("StartError");
    assertThat(never.getExitCode()).isEqualTo(128);
    assertThat(never.getState()).isEqualTo(ContainerState.CONTAINER_EXITED);
  }

  @Test
  void anOomKillIsToldAlsoWhenTheFirstProcessEndsWell() {
    ContainerConfig.Builder container =
        CriPods.containerConfig(
            "one", "sh", "-c", "(head -c 200m /dev/zero | tail -c 150m >/dev/null); exit 0");
    container
        .getLinuxBuilder()
        .setResources(LinuxContainerResources.newBuilder().setMemoryLimitInBytes(20 << 20));
    ContainerStatus status = ended(container.build());
    assertThat(status.getReason()).isEqualTo("OOMKilled");
    assertThat(status.getExitCode()).isZero();
  }

  @Test
  void aContainerIsToldByOneImageInAllPlaces() {
    String image = pods.pull(CriPods.BUSYBOX);
    PodSandboxConfig config = CriPods.podConfig("image").build();
    String id =
        pods.create(
            pods.run(config),
            config,
            sleeper().setImage(ImageSpec.newBuilder().setImage(image)).build());
    ContainerStatus status = pods.status(id).getStatus();
    assertThat(status.getImageRef()).isEqualTo(image);
    assertThat(status.getImageId()).isEqualTo(image);
    assertThat(status.getImage().getImage()).as("readable").isEqualTo(CriPods.BUSYBOX);
    assertThat(
            pods.runtime()
                .listContainers(io.crema.server.cri.ListContainersRequest.getDefaultInstance())
                .getContainersList())
        .filteredOn(c -> c.getId().equals(id))
        .singleElement()
        .satisfies(
            c -> {
              assertThat(c.getImageId()).isEqualTo(image);
              assertThat(c.getImageRef()).isEqualTo(image);
            });
  }

  /** The kubelet sends a limit of zero for every size, also where the kernel can't limit them. */
  @Test
  void hugePageLimitsOfZeroAreTakenOnEveryHost() {
    ContainerConfig.Builder container = sleeper();
    container
        .getLinuxBuilder()
        .setResources(
            LinuxContainerResources.newBuilder()
                .addHugepageLimits(HugepageLimit.newBuilder().setPageSize("2MB"))
                .addHugepageLimits(HugepageLimit.newBuilder().setPageSize("1GB")));
    String id = started(CriPods.podConfig("pages").build(), container.build());
    assertThat(pods.status(id).getStatus().getResources().getLinux().getHugepageLimitsList())
        .extracting(HugepageLimit::getPageSize)
        .containsExactlyInAnyOrder("2MB", "1GB");
  }

  @Test
  void overheadAndResourcesOfAPodAreNotEnforced() {
    PodSandboxConfig config =
        CriPods.podConfig("overhead")
            .setLinux(
                LinuxPodSandboxConfig.newBuilder()
                    .setResources(
                        LinuxContainerResources.newBuilder().setMemoryLimitInBytes(1 << 20))
                    .setOverhead(
                        LinuxContainerResources.newBuilder().setMemoryLimitInBytes(1 << 20)))
            .build();
    String id = started(config, sleeper().build());
    assertThat(pods.shell(id, "echo up")).isEqualTo("up");
  }

  @Test
  void terminalsHaveATypeAndTheLogIsWhereItWasAskedFor() throws IOException {
    Path logs = Files.createDirectories(daemon.directory().resolve("logs"));
    PodSandboxConfig config = CriPods.podConfig("tty").setLogDirectory(logs.toString()).build();
    String id =
        started(
            config,
            CriPods.containerConfig("one", "sh", "-c", "echo $TERM; sleep 3600")
                .setTty(true)
                .setLogPath("one/0.log")
                .build());
    Path log = logs.resolve("one/0.log");
    assertThat(pods.status(id).getStatus().getLogPath()).isEqualTo(log.toString());
    Await.until(
        "the line is in the log",
        Duration.ofSeconds(20),
        () -> {
          try {
            return Files.exists(log) && Files.readString(log).contains("stdout F xterm");
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
    assertThat(List.of(Files.readString(log).split("\n", -1)).getFirst())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\S+ stdout F xterm\r?");
  }
}
