package io.crema.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.e2e.Pods.HostPath;
import io.crema.e2e.Pods.HostPort;
import io.crema.e2e.Pods.Pod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The daemon is killed while pods run; the next one takes them up. */
@InNode
class RestartTest {

  private final Daemon daemon;
  private final Crictl crictl;
  private final Pods pods;

  RestartTest(Daemon daemon) {
    this.daemon = daemon;
    crictl = daemon.crictl();
    pods = new Pods(daemon);
    crictl.ok("pull", Node.BUSYBOX);
    crictl.ok("pull", Node.NGINX);
  }

  @Test
  void containersRunOnExitsAreReportedAndNoLogLineIsLost() throws Exception {
    Path shared = Files.createDirectories(daemon.directory().resolve("shared"));
    Command.run("mkfifo", shared.resolve("end").toString(), shared.resolve("writer").toString())
        .ok();
    HostPath mount = new HostPath(shared, "/shared");
    Pod pod = pods.run("stays", new HostPort(80, 18081));
    String web = pods.start(pod, "nginx", Node.NGINX, List.of());
    String ends =
        pods.start(
            pod,
            "ends",
            Node.BUSYBOX,
            List.of("sh", "-c", "read x < /shared/end; echo $x; exit 7"),
            mount);
    // Writes without a pause until it's told to stop, so that the kill surely falls into its
    // output.
    String writer =
        pods.start(
            pod,
            "writer",
            Node.BUSYBOX,
            List.of(
                "sh",
                "-c",
                "i=0; (read x < /shared/writer; touch /shared/stop) & while [ ! -e /shared/stop ]; do echo line $i;"
                    + " i=$((i+1)); done; echo last $i; sleep 1000"),
            mount);
    String created = pods.create(pod, "created", Node.BUSYBOX, List.of("sh", "-c", "echo started"));
    JsonNode sandbox = crictl.json("inspectp", pod.id());

    ProcessHandle ending = process(ends);
    daemon.kill();
    Instant gone = Instant.now();
    CompletableFuture<ProcessHandle> ended = ending.onExit();
    Files.writeString(shared.resolve("end"), "goodbye\n");
    ended.get(20, TimeUnit.SECONDS);
    Instant over = Instant.now();
    int linesBefore = Pods.logged(pod, "writer").size();
    Await.until(
        "the writer's log grows while there is no daemon",
        Duration.ofSeconds(10),
        () -> Pods.logged(pod, "writer").size() > linesBefore);
    daemon.start();

    assertThat(crictl.ids("ps", "-q")).containsExactlyInAnyOrder(web, writer);
    assertThat(crictl.ok("ps", "-a", "--state", "Created", "-q")).isEqualTo(created);
    JsonNode exit = crictl.json("inspect", ends).path("status");
    assertThat(exit.path("state").asString()).isEqualTo("CONTAINER_EXITED");
    assertThat(exit.path("exitCode").asInt()).isEqualTo(7);
    assertThat(exit.path("reason").asString()).isEqualTo("Error");
    assertThat(Instant.parse(exit.path("finishedAt").asString())).isBetween(gone, over);
    assertThat(Pods.logged(pod, "ends")).containsExactly("goodbye");
    JsonNode again = crictl.json("inspectp", pod.id());
    assertThat(again.at("/status/state").asString()).isEqualTo("SANDBOX_READY");
    assertThat(again.at("/status/network")).isEqualTo(sandbox.at("/status/network"));
    assertThat(again.at("/status/createdAt")).isEqualTo(sandbox.at("/status/createdAt"));
    assertThat(Command.run("curl", "-sS", "--max-time", "5", "http://127.0.0.1:18081/").ok())
        .contains("Welcome to nginx!");
    assertThat(crictl.ok("exec", "-s", web, "cat", "/etc/hostname")).isEqualTo("stays");
    crictl.ok("start", created);
    assertThat(pods.start(pod, "fresh", Node.BUSYBOX, List.of("true"))).isNotEmpty();

    Files.writeString(shared.resolve("writer"), "stop\n");
    Await.until(
        "the writer has stopped",
        Duration.ofSeconds(20),
        () -> Pods.logged(pod, "writer").getLast().startsWith("last "));
    List<String> lines = Pods.logged(pod, "writer");
    int count = Integer.parseInt(lines.getLast().substring("last ".length()));
    assertThat(lines.subList(0, lines.size() - 1))
        .isEqualTo(IntStream.range(0, count).mapToObj(i -> "line " + i).toList());
    crictl.ok("stopp", pod.id());
    assertThat(crictl.ids("ps", "-q")).isEmpty();
    crictl.ok("rmp", pod.id());
  }

  @Test
  void aPodThatWasBeingMadeWhenTheDaemonWasKilledIsWholeOrGone() throws Exception {
    // crictl's request is answered or not; what it left is then listed or nowhere (NodeExtension's
    // leak check).
    for (int i = 0; i < 5; i++) {
      String name = "torn" + i;
      CompletableFuture<String> answer =
          CompletableFuture.supplyAsync(() -> attempt(name), Thread::startVirtualThread);
      awaitAnythingOf(name);
      daemon.kill();
      String id = answer.get(60, TimeUnit.SECONDS);
      daemon.start();
      List<String> listed = crictl.ids("pods", "-q", "--name", name);
      if (!id.isEmpty()) {
        assertThat(listed).containsExactly(id);
        assertThat(crictl.json("inspectp", id).at("/status/state").asString())
            .isEqualTo("SANDBOX_READY");
      }
      // The kubelet asks again with the same name and attempt.
      assertThat(pods.run(name).id()).isNotEmpty();
      assertThat(crictl.ids("pods", "-q", "--name", name)).hasSize(1);
      crictl.removeEverything();
    }
  }

  private String attempt(String name) {
    try {
      return pods.run(name).id();
    } catch (AssertionError e) {
      return ""; // the daemon was killed under it
    }
  }

  /** Returns when the daemon has begun with the pod, by its records' directory. */
  private void awaitAnythingOf(String name) throws IOException, InterruptedException {
    Path records = daemon.directory().resolve("root/pods");
    try (var watch = records.getFileSystem().newWatchService()) {
      records.register(watch, java.nio.file.StandardWatchEventKinds.ENTRY_CREATE);
      // An answer that was faster than this watch has begun too.
      var key = watch.poll(1, TimeUnit.SECONDS);
      assertThat(key != null || !crictl.ids("pods", "-q", "--name", name).isEmpty()).isTrue();
    }
  }

  private ProcessHandle process(String container) {
    return ProcessHandle.of(crictl.json("inspect", container).at("/info/pid").asLong())
        .orElseThrow();
  }
}
