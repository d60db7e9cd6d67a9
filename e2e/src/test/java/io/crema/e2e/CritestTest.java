package io.crema.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * critest, the CRI's own conformance suite, whole. What it found is in {@code
 * e2e/target/critest-report}.
 */
@InNode
class CritestTest {

  /** Specs that must pass; what critest runs on containerd here is 108. */
  private static final int AT_LEAST = 100;

  private static final Duration LIMIT = Duration.ofMinutes(12);

  private record Spec(String name, String state, double seconds, String failure) {

    String line() {
      return "%s (%.1f s) %s%n%s%n".formatted(state, seconds, name, failure.indent(4));
    }
  }

  @Test
  void runsWholeAndPassesWhatIsBuilt(Node node, Daemon daemon) throws IOException {
    Path reports = Files.createDirectories(node.checkout().resolve("e2e/target/critest-report"));
    Path json = reports.resolve("critest.json");
    Files.deleteIfExists(json);
    String endpoint = "unix://" + daemon.socket();
    Set<String> segments = sharedMemory();
    Command.Result result =
        Command.run(
            List.of(
                node.clients().resolve("critest").toString(),
                "-runtime-endpoint=" + endpoint,
                "-image-endpoint=" + endpoint,
                "-ginkgo.no-color",
                "-ginkgo.timeout=" + LIMIT.toSeconds() + "s",
                "-ginkgo.json-report=" + json),
            Map.of("TMPDIR", Files.createDirectories(daemon.directory().resolve("tmp")).toString()),
            LIMIT.plusMinutes(2));
    Files.writeString(reports.resolve("critest.log"), result.out() + result.err());
    // Its hostIPC specs make segments in the node's IPC namespace by a container and leave them
    // there.
    for (String made : sharedMemory()) {
      if (!segments.contains(made)) {
        Command.run("ipcrm", "-m", made).ok();
      }
    }
    assertThat(json).as("critest's report; its output:%n%s", result).exists();
    List<Spec> specs = specs(json);
    Map<String, Long> states =
        specs.stream()
            .collect(Collectors.groupingBy(Spec::state, TreeMap::new, Collectors.counting()));
    long passed = states.getOrDefault("passed", 0L);
    long skipped = states.getOrDefault("skipped", 0L);
    List<Spec> failed =
        specs.stream()
            .filter(s -> !s.state().equals("passed") && !s.state().equals("skipped"))
            .toList();
    String summary =
        "critest: Ran %d of %d Specs: %d Passed | %d Failed | %d Skipped"
            .formatted(specs.size() - skipped, specs.size(), passed, failed.size(), skipped);
    Files.writeString(reports.resolve("summary.txt"), summary + "\n");
    Files.writeString(
        reports.resolve("failed.txt"),
        failed.stream().map(Spec::line).collect(Collectors.joining()));
    System.out.println(summary);
    failed.forEach(s -> System.out.println("  " + s.state() + ": " + s.name()));
    assertThat(failed.stream().filter(s -> !s.state().equals("failed")).map(Spec::name))
        .as("specs that hang or panic")
        .isEmpty();
    assertThat(daemon.process().isAlive()).as("the daemon lives").isTrue();
    assertThat(daemon.crictl().ok("version")).contains("RuntimeApiVersion:  v1");
    assertThat(passed).as(summary).isGreaterThanOrEqualTo(AT_LEAST);
  }

  /** The ids of the System V shared memory segments of this IPC namespace (proc(5)). */
  private static Set<String> sharedMemory() throws IOException {
    return Files.readAllLines(Path.of("/proc/sysvipc/shm")).stream()
        .skip(1)
        .map(line -> line.strip().split(" +")[1])
        .collect(Collectors.toSet());
  }

  private static List<Spec> specs(Path report) {
    List<Spec> specs = new ArrayList<>();
    for (JsonNode suite : new JsonMapper().readTree(report.toFile())) {
      for (JsonNode spec : suite.path("SpecReports")) {
        if (spec.path("LeafNodeType").asString("").equals("It")) {
          List<String> words = new ArrayList<>();
          spec.path("ContainerHierarchyTexts").forEach(t -> words.add(t.asString("")));
          words.add(spec.path("LeafNodeText").asString(""));
          specs.add(
              new Spec(
                  String.join(" ", words),
                  spec.path("State").asString("unknown"),
                  spec.path("RunTime").asDouble(0) / 1e9,
                  spec.path("Failure").path("Message").asString("")));
        }
      }
    }
    return specs;
  }
}
