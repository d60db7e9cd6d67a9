package io.crema.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** {@code crema up}, with a daemon of its own and with one that runs. */
@InNode
class UpTest {

  private static final String MANIFEST =
      """
      apiVersion: v1
      kind: Pod
      metadata:
        name: two
      spec:
        terminationGracePeriodSeconds: 1
        containers:
          - name: web
            image: registry.k8s.io/e2e-test-images/nginx:1.14-2
            ports:
              - {containerPort: 80, hostPort: 18082}
          - name: talks
            image: registry.k8s.io/e2e-test-images/busybox:1.29-2
            command: ["sh", "-c", "echo hello from $(hostname); sleep 1000"]
      """;

  private final Node node;
  private final Daemon daemon;

  UpTest(Node node, Daemon daemon) {
    this.node = node;
    this.daemon = daemon;
  }

  @Test
  void startsADaemonShowsAddressPortsTimesAndLogsAndRemovesEverythingOnControlC()
      throws IOException, InterruptedException {
    Path own = Files.createDirectories(daemon.directory().resolve("own"));
    List<String> lines =
        untilHello(
            "up",
            manifest(own, MANIFEST),
            "--timeline",
            "--root=" + own.resolve("root"),
            "--state=/run/up-own",
            "--certs-dir=" + daemon.directory().resolve("certs.d"));
    assertThat(lines)
        .anyMatch(l -> l.matches("pod two \\([0-9a-f]+\\) has the address [0-9.]+"))
        .anyMatch(l -> l.contains("*:18082/TCP of this host leads to its port 80"))
        .anyMatch(l -> l.matches(" +of it network +[0-9.]+"))
        .anyMatch(l -> l.matches(" +first HTTP answer on port 18082 +[0-9.]+ +[0-9.]+"))
        .endsWith("pod two is removed");
    Trees.delete(Path.of("/run/up-own"));
  }

  @Test
  void usesTheDaemonThatRuns() throws IOException, InterruptedException {
    Path own = Files.createDirectories(daemon.directory().resolve("shared"));
    untilHello(
        "up",
        manifest(own, MANIFEST),
        "--root=" + daemon.directory().resolve("root"),
        "--address=" + daemon.socket());
    assertThat(daemon.crictl().ids("pods", "-q")).isEmpty();
    assertThat(daemon.crictl().ok("images")).contains("nginx");
  }

  @Test
  void anErrorInAManifestNamesFileAndPath() throws IOException {
    Path own = Files.createDirectories(daemon.directory().resolve("wrong"));
    String file = manifest(own, MANIFEST.replace("containerPort: 80", "containerPort: eighty"));
    Command.Result result = Command.run(node.checkout().resolve("crema").toString(), "up", file);
    assertThat(result.failed()).contains(file).contains("containerPort");
    assertThat(result.status()).isEqualTo(2);
  }

  @Test
  void explainPrintsAContainersLaunch() {
    Pods pods = new Pods(daemon);
    daemon.crictl().ok("pull", Node.BUSYBOX);
    String id =
        pods.create(pods.run("explained"), "c", Node.BUSYBOX, List.of("echo", "said by the plan"));
    Command.Result plan =
        Command.run(
            node.checkout().resolve("crema").toString(),
            "explain",
            id.substring(0, 13),
            "--root=" + daemon.directory().resolve("root"),
            "--address=" + daemon.socket());
    assertThat(plan.ok().lines().toList())
        .hasSizeGreaterThan(20)
        .anyMatch(l -> l.contains("pivot_root"))
        .anyMatch(l -> l.contains("said by the plan"));
    daemon.crictl().removeEverything();
  }

  /** Runs crema, interrupts it when the containers have shown themselves, returns its lines. */
  private List<String> untilHello(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(node.checkout().resolve("crema").toString());
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> lines = new ArrayList<>();
    boolean told = false;
    try (BufferedReader reader = process.inputReader()) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.add(line);
        if (!told && line.equals("talks | hello from two")) {
          told = true;
          assertThat(
                  Command.run(
                          "curl",
                          "-sS",
                          "--retry",
                          "5",
                          "--retry-connrefused",
                          "http://127.0.0.1:18082/")
                      .ok())
              .contains("Welcome to nginx!");
          Command.run("kill", "-INT", Long.toString(process.pid())).ok();
        }
      }
    }
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s", lines).isTrue();
    assertThat(told).as("%s", lines).isTrue();
    assertThat(process.exitValue()).as("%s", lines).isEqualTo(130);
    return lines;
  }

  private static String manifest(Path directory, String text) throws IOException {
    return Files.writeString(directory.resolve("pod.yaml"), text).toString();
  }
}
