package io.crema.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.e2e.Pods.Pod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Pods with a user namespace of their own: root inside, nobody outside. */
@InNode
class UserNamespaceTest {
  private static final long USERS = 200_000;
  private static final long GROUPS = 300_000;
  private static final int POD = 0; // NamespaceMode of the CRI
  private static final int CONTAINER = 1;
  private static final int NODE = 2;
  private static final List<String> SLEEP = List.of("sleep", "1000");

  private final Daemon daemon;
  private final Crictl crictl;
  private final Pods pods;

  UserNamespaceTest(Daemon daemon) {
    this.daemon = daemon;
    crictl = daemon.crictl();
    pods = new Pods(daemon);
    crictl.ok("pull", Node.BUSYBOX);
  }

  @AfterEach
  void removePods() {
    crictl.removeEverything();
  }

  private static Map<String, Object> mapping(long host) {
    return Map.of("host_id", host, "container_id", 0, "length", 65_536);
  }

  private static Map<String, Object> namespaces(int network, int pid, int ipc) {
    return Map.of(
        "network",
        network,
        "pid",
        pid,
        "ipc",
        ipc,
        "userns_options",
        Map.of("mode", POD, "uids", List.of(mapping(USERS)), "gids", List.of(mapping(GROUPS))));
  }

  private static Map<String, Object> linux(Map<String, Object> security) {
    return Map.of("linux", Map.of("security_context", security));
  }

  private static Map<String, Object> plain() {
    return linux(Map.of("namespace_options", namespaces(POD, CONTAINER, POD)));
  }

  private static Map<String, Object> mount(Path host, boolean mapped) {
    return mapped
        ? Map.of(
            "host_path",
            host.toString(),
            "container_path",
            "/data",
            "uidMappings",
            List.of(mapping(USERS)),
            "gidMappings",
            List.of(mapping(GROUPS)))
        : Map.of("host_path", host.toString(), "container_path", "/data");
  }

  private Map<String, Object> with(Map<String, Object> mount) {
    return Map.of("linux", plain().get("linux"), "mounts", List.of(mount));
  }

  private String exec(String container, String script) {
    return crictl.ok("exec", "-s", container, "sh", "-c", script + "; true");
  }

  private long pid(String container) {
    return crictl.json("inspect", container).at("/info/pid").asLong();
  }

  /** The namespaces of {@code pid} by type: the user namespace that owns each. */
  private static Map<String, String> owners(long pid) {
    return Command.run("lsns", "-n", "-o", "TYPE,ONS", "-p", Long.toString(pid))
        .ok()
        .lines()
        .map(l -> l.strip().split("\\s+"))
        .collect(Collectors.toMap(w -> w[0], w -> w[1]));
  }

  private static String userNamespace(long pid) throws IOException {
    return Files.readSymbolicLink(Path.of("/proc", Long.toString(pid), "ns/user"))
        .toString()
        .replaceAll("\\D", "");
  }

  @Test
  void rootInsideIsNobodyOutsideAndAllNamespacesBelongToThePods() throws IOException {
    Pod pod = pods.run("root", plain());
    String id = pods.start(pod, "c", SLEEP, plain());
    assertThat(exec(id, "id -u; cat /proc/self/uid_map /proc/self/gid_map").split("\\s+"))
        .containsExactly("0", "0", "200000", "65536", "0", "300000", "65536");
    long pid = pid(id);
    assertThat(Files.getAttribute(Path.of("/proc", Long.toString(pid)), "unix:uid"))
        .isEqualTo((int) USERS);
    String own = userNamespace(pid);
    assertThat(own).isNotEqualTo(userNamespace(ProcessHandle.current().pid()));
    assertThat(owners(pid))
        .containsEntry("net", own)
        .containsEntry("ipc", own)
        .containsEntry("uts", own)
        .containsEntry("mnt", own)
        .containsEntry("pid", own);
  }

  @Test
  void theImagesFilesAreRootsAndStayAsTheyAreOnDisk() throws IOException {
    Pod pod = pods.run("files", plain());
    String id = pods.start(pod, "c", SLEEP, plain());
    assertThat(exec(id, "stat -c '%u:%g' / /bin /bin/busybox /etc /etc/hosts /dev /dev/null"))
        .isEqualTo("0:0\n".repeat(7).strip());
    assertThat(exec(id, "stat -c '%u:%g %a' /dev/shm /dev/mqueue")).isEqualTo("0:0 1777\n0:0 1777");
    exec(id, "echo x > /new; echo more >> /etc/passwd; echo 127.0.0.9 me >> /etc/hosts");
    assertThat(exec(id, "stat -c '%u:%g' /new /etc/passwd; tail -1 /etc/hosts"))
        .isEqualTo("0:0\n0:0\n127.0.0.9 me");
    Path upper = daemon.directory().resolve("root");
    try (var files = Files.walk(upper)) {
      Path written = files.filter(f -> f.endsWith("upper/new")).findFirst().orElseThrow();
      assertThat(Files.getAttribute(written, "unix:uid"))
          .as("what the container writes is no root's on the host")
          .isEqualTo((int) USERS);
    }
    try (var files = Files.walk(upper)) {
      assertThat(files.filter(f -> f.endsWith("fs/etc/passwd")))
          .as("the image's layer")
          .allSatisfy(f -> assertThat(Files.getAttribute(f, "unix:uid")).isEqualTo(0));
    }
  }

  @Test
  void aMappedVolumesFilesAreTheContainersAndAnUnmappedOnesAreNot() throws IOException {
    Path volume = Files.createDirectories(daemon.directory().resolve("volume"));
    Files.writeString(volume.resolve("of-root"), "x");
    Files.setPosixFilePermissions(
        volume, java.nio.file.attribute.PosixFilePermissions.fromString("rwxrwxrwx"));
    Pod pod = pods.run("volumes", plain());
    String mapped = pods.start(pod, "mapped", SLEEP, with(mount(volume, true)));
    assertThat(exec(mapped, "touch /data/inside; stat -c %u:%g /data/of-root /data/inside"))
        .isEqualTo("0:0\n0:0");
    assertThat(Files.getAttribute(volume.resolve("inside"), "unix:uid")).isEqualTo(0);
    String plain = pods.start(pod, "plain", SLEEP, with(mount(volume, false)));
    assertThat(exec(plain, "touch /data/foreign; stat -c %u:%g /data/of-root /data/foreign"))
        .isEqualTo("65534:65534\n0:0");
    assertThat(Files.getAttribute(volume.resolve("foreign"), "unix:uid")).isEqualTo((int) USERS);
  }

  @Test
  void aVolumeThatCanNotBeMappedIsNamed() {
    Pod pod = pods.run("unmappable", plain());
    String id = pods.tryCreate(pod, "c", SLEEP, with(mount(Path.of("/sys/kernel"), true))).ok();
    assertThat(crictl.run("start", id).failed())
        .contains(
            "mount /data (hostPath /sys/kernel): map the ids of its files (needs a file system"
                + " that can be id-mapped): Invalid argument");
  }

  @Test
  void imagesAsVolumesAreMappedWhateverTheirLayersAndParts() {
    crictl.ok("pull", Node.NGINX); // of two layers, busybox is of one
    Pod pod = pods.run("images", plain());
    for (String image : List.of(Node.BUSYBOX, Node.NGINX)) {
      for (String part : List.of("", "etc")) {
        Map<String, Object> volume = new HashMap<>(mount(Path.of("/unused"), true));
        volume.remove("host_path");
        volume.put("image", Map.of("image", image));
        volume.put("image_sub_path", part);
        volume.put("readonly", true);
        String name = (image.equals(Node.NGINX) ? "two" : "one") + part;
        String id = pods.start(pod, name, SLEEP, with(volume));
        String passwd = "/data" + (part.isEmpty() ? "/etc" : "") + "/passwd";
        assertThat(exec(id, "stat -c %u:%g /data " + passwd + "; touch /data/x 2>&1"))
            .as(name)
            .startsWith("0:0\n0:0\n")
            .contains("Read-only");
      }
    }
  }

  @Test
  void streamsCanBeOpenedByNameAlsoByOneWhoIsNotRoot() {
    Pod pod = pods.run("streams", plain());
    Map<String, Object> user =
        linux(
            Map.of(
                "namespace_options",
                namespaces(POD, CONTAINER, POD),
                "run_as_user",
                Map.of("value", 1000)));
    for (Map<String, Object> config : List.of(plain(), user)) {
      String name = config.equals(user) ? "user" : "root";
      String id =
          pods.start(pod, name, List.of("sh", "-c", "echo out > /dev/stdout; sleep 1000"), config);
      Await.until(
          "the log has it",
          java.time.Duration.ofSeconds(10),
          () -> Pods.logged(pod, name).equals(List.of("out")));
      assertThat(exec(id, "echo exec > /dev/stdout; id -u"))
          .isEqualTo("exec\n" + (name.equals("root") ? 0 : 1000));
    }
  }

  @Test
  void aTerminalIsTheContainersOwn() {
    Pod pod = pods.run("terminal", plain());
    Map<String, Object> config = Map.of("linux", plain().get("linux"), "tty", true);
    String id =
        pods.start(
            pod,
            "c",
            List.of("sh", "-c", "tty; stat -c %u /dev/console; echo x > /dev/tty; sleep 1000"),
            config);
    Await.until(
        "the terminal's output is logged",
        java.time.Duration.ofSeconds(10),
        () ->
            Pods.logged(pod, "c").stream()
                .map(String::strip)
                .toList()
                .equals(List.of("/dev/pts/0", "0", "x")));
    assertThat(exec(id, "readlink /proc/1/fd/0")).isEqualTo("/dev/pts/0");
  }

  @Test
  void rootsPrivilegesEndAtTheNamespace() {
    Map<String, Object> admin =
        linux(
            Map.of(
                "namespace_options",
                namespaces(POD, CONTAINER, POD),
                "capabilities",
                Map.of("add_capabilities", List.of("ALL"))));
    Pod pod = pods.run("privileges", plain());
    String id = pods.start(pod, "c", SLEEP, admin);
    assertThat(exec(id, "mkdir /m; mount -t tmpfs none /m && echo mounted; hostname x && hostname"))
        .as("over what belongs to it")
        .isEqualTo("mounted\nx");
    assertThat(exec(id, "ip link set lo down && ip link set eth0 mtu 1400 && echo linked"))
        .isEqualTo("linked");
    assertThat(exec(id, "mknod /n c 1 3 2>&1; mount -t ext4 /dev/null /m 2>&1"))
        .as("over what is the host's")
        .contains("mknod: /n: Operation not permitted")
        .contains("mount: permission denied");
    assertThat(
            exec(id, "dmesg 2>&1; date -s 12:00 2>&1 | head -1; echo 1 > /proc/sys/vm/drop_caches"))
        .doesNotContain("Linux version");
  }

  @Test
  void aPrivilegedContainerHasNoRightsOverTheHostsDevices() {
    Map<String, Object> privileged =
        linux(Map.of("namespace_options", namespaces(POD, CONTAINER, POD), "privileged", true));
    Pod pod = pods.run("privileged", privileged);
    String id = pods.start(pod, "c", SLEEP, privileged);
    String disks =
        exec(
            id,
            "for d in /dev/*; do [ -b $d ] && { head -c 1 $d > /dev/null 2>&1 && echo opened $d; };"
                + " done; ls -l /dev | grep -c ^b; echo x > /dev/null && echo null");
    assertThat(disks).doesNotContain("opened").endsWith("null");
  }

  @Test
  void containersThatShareProcessesSeeEachOtherInOneNamespaceOfThePods() throws IOException {
    Map<String, Object> shared = linux(Map.of("namespace_options", namespaces(POD, POD, POD)));
    Pod pod = pods.run("shared", shared);
    String one = pods.start(pod, "one", List.of("sleep", "1001"), shared);
    String two = pods.start(pod, "two", List.of("sleep", "1002"), shared);
    assertThat(exec(two, "ps -o args")).contains("sleep 1001").contains("sleep 1002");
    assertThat(owners(pid(one))).containsEntry("pid", userNamespace(pid(two)));
    crictl.ok("stop", "--timeout", "0", one);
    assertThat(exec(two, "ps -o args")).doesNotContain("sleep 1001");
  }

  @Test
  void onTheHostsNetworkItSeesLinksThatItCanNotChange() throws IOException {
    Map<String, Object> host =
        linux(
            Map.of(
                "namespace_options",
                namespaces(NODE, CONTAINER, POD),
                "capabilities",
                Map.of("add_capabilities", List.of("NET_ADMIN"))));
    Pod pod =
        pods.run(
            "hostnetwork", linux(Map.of("namespace_options", namespaces(NODE, CONTAINER, POD))));
    String id = pods.start(pod, "c", SLEEP, host);
    assertThat(
            Files.readSymbolicLink(Path.of("/proc", Long.toString(pid(id)), "ns/net")).toString())
        .isEqualTo(Files.readSymbolicLink(Path.of("/proc/self/ns/net")).toString());
    assertThat(exec(id, "ls /sys/class/net; ip link set lo down 2>&1; echo; touch /sys/x 2>&1"))
        .contains("lo")
        .containsIgnoringCase("operation not permitted")
        .contains("Read-only file system");
  }

  @Test
  void theHostsProcessesAndQueuesCanBeSharedToo() {
    Map<String, Object> host = linux(Map.of("namespace_options", namespaces(POD, NODE, NODE)));
    Pod pod = pods.run("hostpids", host);
    String id = pods.start(pod, "c", SLEEP, host);
    assertThat(exec(id, "ls -d /proc/" + pid(id) + " /dev/mqueue; kill -0 1 2>&1"))
        .contains("/proc/" + pid(id))
        .contains("/dev/mqueue")
        .contains("Operation not permitted");
  }

  @Test
  void aDaemonThatWasKilledFindsTheNamespaceAgain() throws Exception {
    Pod pod = pods.run("recovered", plain());
    String before = pods.start(pod, "before", SLEEP, plain());
    daemon.kill();
    daemon.start();
    assertThat(exec(before, "cat /proc/self/uid_map").split("\\s+")).contains("200000");
    String after = pods.start(pod, "after", SLEEP, plain());
    assertThat(userNamespace(pid(after))).isEqualTo(userNamespace(pid(before)));
    assertThat(owners(pid(after))).containsEntry("net", userNamespace(pid(before)));
  }

  @Test
  void whatDoesNotFitTheNamespaceIsRefusedByName() {
    Pod pod = pods.run("refused", plain());
    assertThat(
            pods.tryCreate(pod, "none", SLEEP, linux(Map.of("namespace_options", Map.of("pid", 1))))
                .failed())
        .contains("InvalidArgument")
        .contains("userns_options must be those of its pod sandbox");
    Map<String, Object> unmapped =
        linux(
            Map.of(
                "namespace_options",
                namespaces(POD, CONTAINER, POD),
                "run_as_user",
                Map.of("value", 70_000)));
    assertThat(pods.tryCreate(pod, "unmapped", SLEEP, unmapped).failed())
        .contains("InvalidArgument")
        .contains("user 70000 is not in the pod's user namespace, which has users 0 to 65535");
    Map<String, Object> shared =
        Map.of(
            "host_path",
            daemon.directory().toString(),
            "container_path",
            "/data",
            "propagation",
            2);
    assertThat(pods.tryCreate(pod, "shared", SLEEP, with(shared)).failed())
        .contains("InvalidArgument")
        .contains("propagation BIDIRECTIONAL");
  }

  @Test
  void aPodThatFailsAfterItsNamespacesWereMadeLeavesNothing() {
    // NodeExtension's leak check counts namespaces
    Map<String, Object> bad =
        Map.of(
            "linux",
            Map.of(
                "security_context",
                Map.of("namespace_options", namespaces(POD, CONTAINER, POD)),
                "sysctls",
                Map.of("net.ipv4.ip_unprivileged_port_start", "many")));
    assertThat(pods.tryRun("bad", bad).failed())
        .contains("sysctl net.ipv4.ip_unprivileged_port_start=many");
    assertThat(crictl.ids("pods", "-q")).isEmpty();
  }

  @Test
  void statusSaysWhatIsSupported() {
    String info = crictl.ok("info");
    assertThat(info)
        .contains("\"user_namespaces\": true")
        .contains("\"user_namespaces_host_network\": true");
  }
}
