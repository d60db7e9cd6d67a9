package io.crema.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.e2e.Pods.HostPort;
import io.crema.e2e.Pods.Pod;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** crictl's verbs, as an operator types them: they do what they do on containerd. */
@InNode
class CrictlTest {

  private final Crictl crictl;
  private final Pods pods;
  private final Node node;

  CrictlTest(Node node, Daemon daemon) {
    this.node = node;
    crictl = daemon.crictl();
    pods = new Pods(daemon);
  }

  @BeforeEach
  void pull() {
    crictl.ok("pull", Node.BUSYBOX);
    crictl.ok("pull", Node.NGINX);
  }

  @AfterEach
  void removePods() {
    crictl.removeEverything();
  }

  @Test
  void imagesArePulledByTagAndDigestListedAndRemoved() {
    JsonNode image = image(Node.BUSYBOX);
    assertThat(image.path("repoTags").toString()).contains(Node.BUSYBOX);
    assertThat(Long.parseLong(image.path("size").asString("0"))).isPositive();
    String digest = image.path("repoDigests").get(0).asString();
    assertThat(digest).matches("registry\\.k8s\\.io/e2e-test-images/busybox@sha256:[0-9a-f]{64}");
    assertThat(crictl.ok("pull", digest)).contains("Image is up to date for");
    assertThat(crictl.ok("inspecti", Node.BUSYBOX)).contains(digest);

    crictl.ok("rmi", Node.BUSYBOX);
    assertThat(crictl.ok("images", "-q")).doesNotContain(image.path("id").asString());
    assertThat(crictl.run("inspecti", Node.BUSYBOX).failed()).contains("no such image");
    assertThat(crictl.run("pull", "registry.k8s.io/no/such:1").failed())
        .contains("registry.k8s.io/no/such:1");
  }

  @Test
  void aPodAndItsContainerLiveTheirWholeLife() throws IOException {
    Instant before = Instant.now();
    Pod pod = pods.run("whole");
    JsonNode sandbox = crictl.json("inspectp", pod.id());
    assertThat(sandbox.at("/status/state").asString()).isEqualTo("SANDBOX_READY");
    assertThat(sandbox.at("/status/network/ip").asString()).matches("[0-9]+(\\.[0-9]+){3}");
    assertThat(sandbox.at("/status/labels/app").asString()).isEqualTo("whole");
    assertThat(sandbox.at("/status/annotations/e2e~1note").asString())
        .isEqualTo("kept as it is: \u00e9");
    assertThat(crictl.ok("pods", "--name", "whole", "--state", "Ready", "-q")).isEqualTo(pod.id());

    String id =
        pods.create(
            pod,
            "echo",
            Node.BUSYBOX,
            List.of(
                "sh",
                "-c",
                "echo out; echo err >&2; trap 'exit 3' TERM; while :; do sleep 0.1; done"));
    assertThat(crictl.ok("ps", "-a", "--state", "Created", "-q")).isEqualTo(id);
    assertThat(crictl.run("exec", "-s", id, "true").failed()).isNotEmpty();
    crictl.ok("start", id);
    assertThat(crictl.ok("ps", "-q")).isEqualTo(id);
    assertThat(crictl.ok("exec", "-s", id, "cat", "/etc/hostname")).isEqualTo("whole");
    Command.Result failing = crictl.run("exec", "-s", id, "sh", "-c", "echo oops >&2; exit 7");
    assertThat(failing.failed()).contains("oops").contains("exited with 7");
    JsonNode running = crictl.json("inspect", id);
    assertThat(running.at("/status/state").asString()).isEqualTo("CONTAINER_RUNNING");
    assertThat(Files.exists(java.nio.file.Path.of("/proc", running.at("/info/pid").toString())))
        .as("info.pid is a process: %s", running.at("/info/pid"))
        .isTrue();
    assertThat(running.at("/status/image/image").asString()).isNotEmpty();
    assertThat(running.at("/status/imageId").asString())
        .isEqualTo(image(Node.BUSYBOX).path("id").asString());
    Await.until(
        "both lines are in the log",
        Duration.ofSeconds(10),
        () -> Pods.logged(pod, "echo").containsAll(List.of("out", "err")));
    Command.Result logs = crictl.run("logs", id);
    assertThat(logs.ok()).isEqualTo("out");
    assertThat(logs.err()).isEqualTo("err\n");

    crictl.ok("stop", "--timeout", "30", id);
    JsonNode stopped = crictl.json("inspect", id).path("status");
    assertThat(stopped.path("state").asString()).isEqualTo("CONTAINER_EXITED");
    assertThat(stopped.path("exitCode").asInt()).isEqualTo(3);
    assertThat(stopped.path("reason").asString()).isEqualTo("Error");
    assertThat(Instant.parse(stopped.path("startedAt").asString())).isAfter(before);
    assertThat(Instant.parse(stopped.path("finishedAt").asString()))
        .isAfter(Instant.parse(stopped.path("startedAt").asString()))
        .isBefore(Instant.now());
    crictl.ok("rm", id);
    assertThat(crictl.ids("ps", "-a", "-q")).isEmpty();
    assertThat(crictl.run("inspect", id).failed()).contains(id).contains("NotFound");

    crictl.ok("stopp", pod.id());
    assertThat(crictl.ok("pods", "--state", "NotReady", "-q")).isEqualTo(pod.id());
    crictl.ok("rmp", pod.id());
    assertThat(crictl.ids("pods", "-q")).isEmpty();
    assertThat(crictl.run("inspectp", pod.id()).failed()).contains("NotFound");
  }

  @Test
  void aCommandThatIsNotThereFailsTheStartAndSaysWhich() {
    Pod pod = pods.run("nothere");
    String id = pods.create(pod, "c", Node.BUSYBOX, List.of("/no/such/program"));
    assertThat(crictl.run("start", id).failed())
        .contains("/no/such/program")
        .containsIgnoringCase("no such file");
    JsonNode status = crictl.json("inspect", id).path("status");
    assertThat(status.path("state").asString()).isEqualTo("CONTAINER_EXITED");
    assertThat(status.path("exitCode").asInt()).isEqualTo(128);
    assertThat(status.path("reason").asString()).isEqualTo("StartError");
  }

  @Test
  void nginxAnswersThroughItsHostPortFromTheNodeFromLoopbackAndFromAnotherPod() {
    Command.run("ip", "link", "add", "uplink", "type", "veth", "peer", "uplink0")
        .ok(); // the node's own address
    try {
      Command.run("ip", "address", "add", "192.0.2.7/24", "dev", "uplink").ok();
      Command.run("ip", "link", "set", "uplink", "up").ok();
      Pod web = pods.run("web", new HostPort(80, 18080));
      pods.start(web, "nginx", Node.NGINX, List.of());
      Pod other = pods.run("other");
      String client = pods.start(other, "client", Node.BUSYBOX, List.of("sleep", "1000"));
      String address = crictl.json("inspectp", web.id()).at("/status/network/ip").asString();
      Await.until(
          "nginx listens",
          Duration.ofSeconds(20),
          () -> Command.run("curl", "-s", "http://" + address + "/").status() == 0);

      for (String url : List.of("http://127.0.0.1:18080/", "http://192.0.2.7:18080/")) {
        assertThat(Command.run("curl", "-sS", "--max-time", "5", url).ok())
            .as("from the node: %s", url)
            .contains("Welcome to nginx!");
      }
      for (String url : List.of("http://192.0.2.7:18080/", "http://" + address + "/")) {
        assertThat(crictl.ok("exec", "-s", client, "wget", "-q", "-O", "-", url))
            .as("from another pod: %s", url)
            .contains("Welcome to nginx!");
      }
      crictl.ok("stopp", web.id());
      assertThat(Command.run("curl", "-sS", "--max-time", "5", "http://127.0.0.1:18080/").failed())
          .contains("127.0.0.1");
    } finally {
      Command.run("ip", "link", "delete", "uplink").ok();
    }
  }

  private JsonNode image(String name) {
    for (JsonNode image : crictl.json("images", "-o", "json").path("images")) {
      for (JsonNode tag : image.path("repoTags")) {
        if (tag.asString().equals(name)) {
          return image;
        }
      }
    }
    throw new AssertionError("crictl images has no " + name + " on " + node.engine());
  }
}
