package io.crema.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.e2e.Pods.Pod;
import io.crema.server.cri.ContainerConfig;
import io.crema.server.cri.ContainerMetadata;
import io.crema.server.cri.CreateContainerRequest;
import io.crema.server.cri.ImageSpec;
import io.crema.server.cri.Mount;
import io.crema.server.cri.PodSandboxConfig;
import io.crema.server.cri.PodSandboxMetadata;
import io.crema.server.cri.StatusRequest;
import io.crema.server.daemon.CriClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a volume's mount does beside being there. */
@InNode
class MountsTest {
  private static final List<String> SLEEP = List.of("sleep", "1000");
  private static final int HOST_TO_CONTAINER = 1; // MountPropagation of the CRI
  private static final int BIDIRECTIONAL = 2;

  private final Daemon daemon;
  private final Crictl crictl;
  private final Pods pods;

  MountsTest(Daemon daemon) {
    this.daemon = daemon;
    crictl = daemon.crictl();
    pods = new Pods(daemon);
    crictl.ok("pull", Node.BUSYBOX);
  }

  @AfterEach
  void removePods() {
    crictl.removeEverything();
  }

  private static Map<String, Object> plain(boolean privileged) {
    return Map.of(
        "linux",
        Map.of(
            "security_context",
            Map.of("namespace_options", Map.of("pid", 1), "privileged", privileged)));
  }

  private static Map<String, Object> with(
      Path host, Map<String, Object> settings, boolean privileged) {
    Map<String, Object> mount = new HashMap<>(settings);
    mount.put("host_path", host.toString());
    mount.put("container_path", "/data");
    Map<String, Object> config = new HashMap<>(plain(privileged));
    config.put("mounts", List.of(mount));
    return config;
  }

  private String exec(String container, String script) {
    return crictl.ok("exec", "-s", container, "sh", "-c", script + "; true");
  }

  /** A directory with a tmpfs mounted on {@code sub}. */
  private Path nested(String name) throws IOException {
    Path volume = Files.createDirectories(daemon.directory().resolve(name));
    Path sub = Files.createDirectories(volume.resolve("sub"));
    Command.run("mount", "-t", "tmpfs", "tmpfs", sub.toString()).ok();
    return volume;
  }

  @Test
  void recursivelyReadonlyMeansWhatIsMountedBelowToo() throws IOException {
    Path volume = nested("rro");
    try {
      Pod pod = pods.run("rro", plain(false));
      String readonly = pods.start(pod, "ro", SLEEP, with(volume, Map.of("readonly", true), false));
      assertThat(exec(readonly, "touch /data/x 2>&1; touch /data/sub/x && echo below"))
          .contains("Read-only")
          .endsWith("below");
      String all =
          pods.start(
              pod,
              "rro",
              SLEEP,
              with(volume, Map.of("readonly", true, "recursive_read_only", true), false));
      assertThat(exec(all, "touch /data/x 2>&1; touch /data/sub/y 2>&1"))
          .contains("/data/x: Read-only")
          .contains("/data/sub/y: Read-only");
      assertThat(volume.resolve("sub/y")).doesNotExist();
      assertThat(
              pods.tryCreate(
                      pod,
                      "writable",
                      SLEEP,
                      with(volume, Map.of("recursive_read_only", true), false))
                  .failed())
          .contains("recursive_read_only");
    } finally {
      crictl.removeEverything();
      Command.run("umount", volume.resolve("sub").toString()).ok();
    }
  }

  @Test
  void mountsPassAsTheVolumeSays() throws IOException {
    Path volume = Files.createDirectories(daemon.directory().resolve("propagation"));
    for (String name : List.of("later", "inside")) {
      Files.createDirectories(volume.resolve(name));
    }
    Pod pod = pods.run("propagation", plain(true));
    String alone = pods.start(pod, "private", SLEEP, with(volume, Map.of(), true));
    String slave =
        pods.start(
            pod, "slave", SLEEP, with(volume, Map.of("propagation", HOST_TO_CONTAINER), true));
    String shared =
        pods.start(pod, "shared", SLEEP, with(volume, Map.of("propagation", BIDIRECTIONAL), true));
    try {
      Command.run("mount", "-t", "tmpfs", "tmpfs", volume.resolve("later").toString()).ok();
      Files.writeString(volume.resolve("later/seen"), "x");
      assertThat(exec(alone, "ls /data/later")).isEmpty();
      assertThat(exec(slave, "ls /data/later")).isEqualTo("seen");
      assertThat(exec(shared, "ls /data/later")).isEqualTo("seen");
      exec(slave, "mount -t tmpfs tmpfs /data/inside && touch /data/inside/slave");
      assertThat(volume.resolve("inside/slave")).doesNotExist();
      exec(slave, "umount /data/inside");
      exec(shared, "mount -t tmpfs tmpfs /data/inside && touch /data/inside/shared");
      assertThat(volume.resolve("inside/shared")).exists();
      assertThat(exec(slave, "ls /data/inside")).isEqualTo("shared");
      exec(shared, "umount /data/inside");
    } finally {
      crictl.removeEverything();
      Command.run("umount", volume.resolve("later").toString()).ok();
    }
  }

  @Test
  void propagationFromAMountThatLetsNothingPassIsRefused() throws IOException {
    Path volume = nested("closed").resolve("sub");
    Command.run("mount", "--make-private", volume.toString()).ok();
    try {
      Pod pod = pods.run("closed", plain(true));
      assertThat(
              pods.tryCreate(
                      pod, "c", SLEEP, with(volume, Map.of("propagation", BIDIRECTIONAL), true))
                  .failed())
          .contains("InvalidArgument")
          .contains("propagation BIDIRECTIONAL")
          .contains(volume + ", which is not shared");
      assertThat(
              pods.tryCreate(
                      pod, "d", SLEEP, with(volume, Map.of("propagation", HOST_TO_CONTAINER), true))
                  .failed())
          .contains("which is not shared or a slave");
    } finally {
      crictl.removeEverything();
      Command.run("umount", volume.toString()).ok();
    }
  }

  @Test
  void optionsOfAMountAreHonoured() throws IOException {
    Path volume = Files.createDirectories(daemon.directory().resolve("options"));
    Files.writeString(volume.resolve("run"), "#!/bin/sh\necho ran\n");
    Command.run("sh", "-c", "chmod 755 \"$0\"; mknod \"$1\" c 1 3", volume + "/run", volume + "/n")
        .ok();
    Pod pod = pods.run("options", plain(true));
    try (CriClient client = CriClient.connect(daemon.socket())) {
      assertThat(
              client
                  .runtime()
                  .status(StatusRequest.getDefaultInstance())
                  .getFeatures()
                  .getMountOptions())
          .isTrue();
      String none = create(client, pod, "none", volume, List.of());
      crictl.ok("start", none);
      assertThat(exec(none, "/data/run; echo x > /data/n && echo opened")).isEqualTo("ran\nopened");
      String all = create(client, pod, "all", volume, List.of("noexec", "nodev", "nosuid"));
      crictl.ok("start", all);
      assertThat(exec(all, "/data/run 2>&1; echo x 2>&1 > /data/n; grep /data /proc/mounts"))
          .contains("/data/run: Permission denied")
          .contains("/data/n: Permission denied")
          .contains("nosuid,nodev,noexec");
      assertThat(
              org.assertj.core.api.Assertions.catchThrowable(
                  () -> create(client, pod, "bad", volume, List.of("suid"))))
          .hasMessageContaining("INVALID_ARGUMENT")
          .hasMessageContaining("mount option suid");
    }
  }

  private static String create(
      CriClient client, Pod pod, String name, Path volume, List<String> options) {
    return client
        .runtime()
        .createContainer(
            CreateContainerRequest.newBuilder()
                .setPodSandboxId(pod.id())
                .setSandboxConfig(
                    PodSandboxConfig.newBuilder()
                        .setMetadata(
                            PodSandboxMetadata.newBuilder()
                                .setName("options")
                                .setNamespace("e2e")
                                .setUid("uid-options")))
                .setConfig(
                    ContainerConfig.newBuilder()
                        .setMetadata(ContainerMetadata.newBuilder().setName(name))
                        .setImage(ImageSpec.newBuilder().setImage(Node.BUSYBOX))
                        .addAllCommand(SLEEP)
                        .addMounts(
                            Mount.newBuilder()
                                .setHostPath(volume.toString())
                                .setContainerPath("/data")
                                .addAllMountOptions(options)))
                .build())
        .getContainerId();
  }
}
