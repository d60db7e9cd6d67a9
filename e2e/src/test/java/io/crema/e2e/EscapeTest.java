package io.crema.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.e2e.Pods.Pod;
import io.crema.e2e.registry.ImageSpec;
import io.crema.e2e.registry.Layout;
import io.crema.e2e.registry.Registry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What has led out of containers of other runtimes, tried on this one: the rows of
 * docs/security.md.
 */
@InNode
class EscapeTest {
  private static final List<String> SLEEP = List.of("sleep", "1000");
  private static final Map<String, Object> PLAIN =
      Map.of("linux", Map.of("security_context", Map.of("namespace_options", Map.of("pid", 1))));

  private final Daemon daemon;
  private final Crictl crictl;
  private final Pods pods;

  /** Busybox's files, for images that differ from it. */
  private final Path base;

  EscapeTest(Daemon daemon) throws IOException {
    this.daemon = daemon;
    crictl = daemon.crictl();
    pods = new Pods(daemon);
    crictl.ok("pull", Node.BUSYBOX);
    base = daemon.directory().resolve("busybox");
    if (Files.notExists(base)) { // the first test of this daemon: no other image is there
      try (var files = Files.walk(daemon.directory().resolve("root"))) {
        String busybox =
            files.filter(f -> f.endsWith("fs/bin/busybox")).findFirst().orElseThrow().toString();
        String fs = busybox.substring(0, busybox.length() - "/bin/busybox".length());
        Command.run("cp", "-a", fs, base.toString()).ok();
      }
    }
  }

  @AfterEach
  void removePods() {
    crictl.removeEverything();
  }

  private static Map<String, Object> security(Map<String, Object> security) {
    return Map.of("linux", Map.of("security_context", security));
  }

  private static Map<String, Object> mounts(List<Map<String, Object>> mounts) {
    Map<String, Object> all = new HashMap<>(PLAIN);
    all.put("mounts", mounts);
    return all;
  }

  private static Map<String, Object> mount(Path host, String container) {
    return Map.of("host_path", host.toString(), "container_path", container);
  }

  private String exec(String container, String script) {
    return crictl.ok("exec", "-s", container, "sh", "-c", script + "; true");
  }

  private Path directory(String name) throws IOException {
    return Files.createDirectories(daemon.directory().resolve(name));
  }

  /** Makes {@code name} of busybox's files after {@code script} has worked in their directory. */
  private void image(String name, String script) throws IOException {
    Path tree = daemon.directory().resolve("tree-" + name);
    Path tar = daemon.directory().resolve(name + ".tar");
    Command.run(
            "sh",
            "-ec",
            "cp -a \"$0\" \"$1\"; cd \"$1\"; " + script + "; tar -cf \"$2\" .",
            base.toString(),
            tree.toString(),
            tar.toString())
        .ok();
    Layout layout = new Layout(directory("registry-" + name));
    new ImageSpec(name + ":1", List.of(tar), ImageSpec.Format.OCI, List.of(), "").writeTo(layout);
    try (Registry registry = Registry.serve(layout, 0)) {
      Path hosts = directory("certs.d/evil.example");
      Files.writeString(
          hosts.resolve("hosts.toml"),
          "server = \"http://127.0.0.1:%d\"\n".formatted(registry.port()));
      crictl.ok("pull", "evil.example/" + name + ":1");
    }
  }

  /** Starts a container of an image made by {@link #image}; the result of the step that failed. */
  private Command.Result tryStart(Pod pod, String image, Map<String, Object> config) {
    Map<String, Object> all = new HashMap<>(config);
    all.put("image_name", "evil.example/" + image + ":1");
    Command.Result created = pods.tryCreate(pod, image, SLEEP, all);
    return created.status() != 0 ? created : crictl.run("start", created.ok());
  }

  @Test
  void theRuntimesProgramCanNotBeOverwrittenFromAContainer() {
    // CVE-2019-5736: with all privileges and the program in sight as PID 1's
    Map<String, Object> all =
        security(Map.of("namespace_options", Map.of("pid", 0), "privileged", true));
    Pod pod = pods.run("program", all);
    String id = pods.start(pod, "c", SLEEP, all);
    assertThat(exec(id, "readlink /proc/1/exe")).contains("crema-keeper");
    assertThat(
            exec(
                id,
                "exec 3< /proc/1/exe && echo opened; echo x > /proc/self/fd/3 && echo written;"
                    + " echo x > /proc/1/exe && echo written; cat /proc/1/exe > /copy; wc -c < /copy"))
        .startsWith("opened")
        .doesNotContain("written");
    Pod plainPod = pods.run("plain", security(Map.of("namespace_options", Map.of("pid", 0))));
    String plain =
        pods.start(plainPod, "c", SLEEP, security(Map.of("namespace_options", Map.of("pid", 0))));
    assertThat(exec(plain, "cat /proc/1/exe > /dev/null 2>&1 && echo readable"))
        .as("without privileges it isn't even to be read")
        .isEmpty();
  }

  @Test
  void theRuntimesProgramAsEntrypointIsOnlyItself() {
    Pod pod = pods.run("self", PLAIN);
    String id = pods.tryCreate(pod, "c", List.of("/proc/self/exe", "--nursery"), PLAIN).ok();
    crictl.run("start", id);
    crictl.ok("stop", "--timeout", "0", id);
    assertThat(pods.start(pod, "after", List.of("true"), PLAIN)).isNotEmpty();
  }

  @Test
  void noDescriptorOfTheHostIsLeftOpen() {
    // CVE-2024-21626, CVE-2016-9962
    Pod pod = pods.run("descriptors", PLAIN);
    String id = pods.start(pod, "c", List.of("sh", "-c", "ls /proc/self/fd; sleep 1000"), PLAIN);
    Await.until(
        "the list is in the log",
        Duration.ofSeconds(10),
        () -> Pods.logged(pod, "c").equals(List.of("0", "1", "2", "3"))); // 3 is ls's own
    assertThat(exec(id, "ls /proc/self/fd")).isEqualTo("0\n1\n2\n3");
  }

  @Test
  void aDescriptorIsNoWorkingDirectory() {
    Pod pod = pods.run("cwd", PLAIN);
    for (int fd = 0; fd < 40; fd++) {
      Map<String, Object> config = new HashMap<>(PLAIN);
      config.put("working_dir", "/proc/self/fd/" + fd + "/../../..");
      String name = "relative" + fd;
      Command.Result created =
          pods.tryCreate(pod, name, List.of("cat", "etc/shadow", "etc/hostname"), config);
      // text that ends at the root: it is "/proc" of the container
      if (created.status() == 0 && crictl.run("start", created.ok()).status() == 0) {
        assertThat(exec0(pod, name)).doesNotContain("root:").doesNotContain("crema-node");
      }
      config.put("working_dir", "/proc/self/fd/" + fd);
      Command.Result direct = pods.tryCreate(pod, "direct" + fd, SLEEP, config);
      assertThat(direct.status() != 0 ? direct.err() : crictl.run("start", direct.ok()).failed())
          .contains("make cwd")
          .contains("/proc/self");
    }
  }

  private static String exec0(Pod pod, String name) {
    return Files.exists(pod.logs().resolve(name + ".log"))
        ? String.join("\n", Pods.logged(pod, name))
        : "";
  }

  @Test
  void mountTargetsAreFoundWithinTheRootWhateverLinksAreThere() throws IOException {
    // CVE-2021-30465 without the race
    Path volume = directory("links");
    Files.createSymbolicLink(volume.resolve("up"), Path.of("../../../../../../../.."));
    Files.createSymbolicLink(volume.resolve("root"), Path.of("/"));
    Path source = directory("source");
    Files.writeString(source.resolve("here"), "x");
    Pod pod = pods.run("links", PLAIN);
    String id =
        pods.start(
            pod,
            "c",
            SLEEP,
            mounts(
                List.of(
                    mount(volume, "/vol"),
                    mount(source, "/vol/up/probe-up"),
                    mount(source, "/vol/root/probe-root"))));
    assertThat(exec(id, "cat /probe-up/here /probe-root/here")).isEqualTo("xx");
    assertThat(Path.of("/probe-up")).doesNotExist();
    assertThat(Path.of("/probe-root")).doesNotExist();
  }

  @Test
  void mountTargetsAreFoundWithinTheRootAlsoWhileLinksChange() throws Exception {
    // CVE-2021-30465: another container changes the volume meanwhile
    Path volume = directory("racing");
    Files.createDirectories(volume.resolve("real"));
    Path source = directory("racing-source");
    AtomicBoolean over = new AtomicBoolean();
    Thread racer =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int i = 0; !over.get(); i++) {
                    try {
                      Path next = volume.resolve("next");
                      Files.createSymbolicLink(
                          next, Path.of(i % 2 == 0 ? "real" : "../../../../../../.."));
                      Files.move(next, volume.resolve("d"), StandardCopyOption.ATOMIC_MOVE);
                    } catch (IOException e) {
                      throw new java.io.UncheckedIOException(e);
                    }
                  }
                });
    try {
      Pod pod = pods.run("racing", PLAIN);
      for (int i = 0; i < 15; i++) {
        Map<String, Object> config =
            mounts(List.of(mount(volume, "/vol"), mount(source, "/vol/d/raced")));
        Command.Result made = pods.tryCreate(pod, "c" + i, SLEEP, config);
        if (made.status() == 0) {
          crictl.run("start", made.ok()); // it may fail: what counts is what it does to the host
        }
        assertThat(Path.of("/raced")).doesNotExist();
      }
    } finally {
      over.set(true);
      racer.join();
    }
  }

  @Test
  void kernelFileSystemsAreMountedOnPlainDirectoriesOnly() throws IOException {
    // CVE-2019-19921, CVE-2023-27561
    image("procetc", "rm -rf proc; ln -s /etc proc");
    image("sysroot", "rm -rf sys; ln -s / sys");
    image("devtmp", "rm -rf dev; ln -s tmp dev");
    Pod pod = pods.run("kernelfs", PLAIN);
    for (String image : List.of("procetc", "sysroot", "devtmp")) {
      assertThat(tryStart(pod, image, PLAIN).failed())
          .as(image)
          .containsAnyOf("Too many levels of symbolic links", "Not a directory");
    }
  }

  @Test
  void theImagesLinksLeadThePodsFilesToPlacesInTheImage() throws IOException {
    image(
        "links",
        "rm -f etc/hosts etc/resolv.conf etc/hostname;"
            + " ln -s ../../../../../../../../host-probe etc/hosts;"
            + " ln -s ../run/systemd/resolve/stub-resolv.conf etc/resolv.conf;"
            + " ln -s /etc/../name etc/hostname");
    Pod pod = pods.run("etclinks", Map.of("hostname", "me"));
    Command.Result started = tryStart(pod, "links", Map.of());
    assertThat(started.ok()).isNotEmpty();
    assertThat(exec(started.ok(), "cat /host-probe /name /etc/hostname; ls /etc/resolv.conf"))
        .contains("127.0.0.1")
        .endsWith("me\nme\n/etc/resolv.conf");
    assertThat(Path.of("/host-probe")).doesNotExist();
    assertThat(Path.of("/name")).doesNotExist();
  }

  @Test
  void maskedPathsAreCoveredByADeviceThatNoContainerHas() throws IOException {
    // CVE-2025-31133: the container's own /dev/null is something else
    Path file = directory("null").resolve("file");
    Files.writeString(file, "not null");
    Map<String, Object> config = new HashMap<>(mounts(List.of(mount(file, "/dev/null"))));
    config.put(
        "linux",
        Map.of(
            "security_context",
            Map.of(
                "namespace_options",
                Map.of("pid", 1),
                "masked_paths",
                List.of("/proc/keys", "/proc/timer_list", "/sys/firmware", "/etc/group"),
                "readonly_paths",
                List.of("/proc/sys"))));
    Pod pod = pods.run("masked", PLAIN);
    String id = pods.start(pod, "c", SLEEP, config);
    assertThat(exec(id, "cat /dev/null")).isEqualTo("not null");
    assertThat(
            exec(
                id,
                "cat /proc/keys /proc/timer_list /etc/group; ls -A /sys/firmware;"
                    + " stat -c '%t:%T %F' /proc/keys /etc/group"))
        .isEqualTo("1:3 character special file\n1:3 character special file");
    assertThat(exec(id, "echo core > /proc/sys/kernel/core_pattern 2>&1")).contains("Read-only");
    assertThat(Files.readString(file)).isEqualTo("not null");
  }

  @Test
  void theConsoleIsTheTerminalWhateverElseWasToBeThere() throws IOException {
    // CVE-2025-52565
    Map<String, Object> config = new HashMap<>(PLAIN);
    config.put("tty", true);
    config.put(
        "devices",
        List.of(
            Map.of(
                "host_path", "/dev/zero", "container_path", "/dev/console", "permissions", "rw")));
    Pod pod = pods.run("console", PLAIN);
    String id = pods.start(pod, "device", SLEEP, config);
    assertThat(exec(id, "stat -c %t /dev/console")).as("major of pts").isEqualTo("88");
    Path dev = directory("dev");
    Files.createSymbolicLink(dev.resolve("console"), Path.of("/etc/group"));
    Map<String, Object> covered = new HashMap<>(mounts(List.of(mount(dev, "/dev"))));
    covered.put("tty", true);
    Command.Result made = pods.tryCreate(pod, "covered", SLEEP, covered);
    assertThat(made.failed())
        .contains("InvalidArgument")
        .contains("a terminal needs the container's own /dev/pts");
  }

  @Test
  void noCapabilityIsInheritable() {
    // CVE-2022-24769
    Map<String, Object> config =
        security(
            Map.of(
                "namespace_options",
                Map.of("pid", 1),
                "capabilities",
                Map.of("add_capabilities", List.of("SYS_ADMIN"))));
    Pod pod = pods.run("inheritable", PLAIN);
    String id = pods.start(pod, "c", SLEEP, config);
    assertThat(exec(id, "grep -h -e CapInh -e CapAmb /proc/1/status /proc/self/status"))
        .isEqualTo("CapInh:\t0000000000000000\nCapAmb:\t0000000000000000\n".repeat(2).strip());
  }

  @Test
  void aLogIsNoLinkAndStaysInItsDirectory() throws IOException {
    Pod pod = pods.run("logs", PLAIN);
    Path target = daemon.directory().resolve("target");
    Files.writeString(target, "untouched");
    Files.createSymbolicLink(pod.logs().resolve("linked.log"), target);
    assertThat(pods.tryCreate(pod, "linked", List.of("echo", "x"), PLAIN).failed())
        .contains("linked.log")
        .contains("ELOOP");
    assertThat(Files.readString(target)).isEqualTo("untouched");
    assertThat(pods.tryCreate(pod, "../../target", List.of("echo", "x"), PLAIN).failed())
        .contains("leads out of log_directory");
  }

  @Test
  void anImagesUserFilesAreReadWithinItAndOnlyWhenTheyAreFiles() throws IOException {
    Path hosts = daemon.directory().resolve("passwd");
    Files.writeString(hosts, "daemon:x:77:77::/:/bin/sh\n");
    image("passwdlink", "rm etc/passwd; ln -s /../../../../../../../.." + hosts + " etc/passwd");
    image("passwdfifo", "rm etc/passwd; mkfifo etc/passwd");
    image("passwdbig", "truncate -s 64M etc/group");
    Map<String, Object> user =
        security(Map.of("namespace_options", Map.of("pid", 1), "run_as_username", "daemon"));
    Pod pod = pods.run("users", PLAIN);
    assertThat(tryStart(pod, "passwdlink", user).failed())
        .contains("isn't in the image's /etc/passwd");
    assertThat(tryStart(pod, "passwdfifo", user).failed()).contains("etc/passwd");
    assertThat(tryStart(pod, "passwdbig", user).failed()).contains("etc/group");
  }

  @Test
  void namesThatArePathsLeadNowhere() throws IOException {
    List<String> refused = new ArrayList<>();
    for (String parent : List.of("/../../escape", "/a/../../b", "/a/./b", "/a\nb")) {
      Command.Result run =
          pods.tryRun("parent" + refused.size(), Map.of("linux", Map.of("cgroup_parent", parent)));
      refused.add(run.failed());
    }
    assertThat(refused).allSatisfy(e -> assertThat(e).contains("cgroup"));
    for (String sysctl :
        List.of(
            "kernel.core_pattern",
            "net/../kernel/core_pattern",
            "net.ipv4/../../kernel/core_pattern",
            "/proc/sys/kernel/core_pattern",
            "net..ipv4")) {
      Map<String, Object> config = Map.of("linux", Map.of("sysctls", Map.of(sysctl, "|/bin/sh")));
      assertThat(pods.tryRun("sysctl", config).failed())
          .contains("InvalidArgument")
          .contains("sysctl");
    }
    String before = Files.readString(Path.of("/proc/sys/kernel/core_pattern"));
    assertThat(before).doesNotContain("/bin/sh");
    assertThat(pods.tryRun("hostname", Map.of("hostname", "a\n6.6.6.6 registry.k8s.io")).failed())
        .contains("hostname");
    assertThat(crictl.ids("pods", "-q")).isEmpty();
    Pod pod = pods.run("..", Map.of());
    assertThat(pods.start(pod, "..c", SLEEP, Map.of())).isNotEmpty();
    try (var below = Files.list(daemon.directory().resolve("root/pods"))) {
      assertThat(below.map(f -> f.getFileName().toString())).allMatch(n -> n.startsWith(pod.id()));
    }
  }
}
