package io.crema.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MainTest {
  @TempDir Path directory;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... words) {
    return new Main(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            (config, images) -> {
              throw new IOException("no runtime in this test");
            })
        .run(List.of(words));
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void helpNamesEveryCommand() {
    assertThat(run("help")).isZero();
    assertThat(out())
        .contains("crema serve", "crema up", "crema explain", "crema help", "crema version")
        .doesNotContain("aot-training");
  }

  @Test
  void helpOfACommandTellsItsOptions() {
    assertThat(run("up", "--help")).isZero();
    assertThat(out()).contains("--timeline", "--address SOCKET", "Ctrl-C");
  }

  @Test
  void theVersionIsTold() {
    assertThat(run("--version")).isZero();
    assertThat(out()).matches("crema \\d+\\.\\d+.* \\(CRI v1, Java .*\\)\n");
  }

  static Stream<Arguments> typos() {
    return Stream.of(
        Arguments.of(List.of("srve"), "crema: there is no command 'srve'; did you mean 'serve'?"),
        Arguments.of(
            List.of("serve", "--adress", "/x"),
            "crema serve: unknown option --adress; did you mean '--address'?"),
        Arguments.of(List.of("serve", "--root"), "crema serve: --root needs a value: DIR"),
        Arguments.of(
            List.of("serve", "--root", "/a", "--root=/b"), "crema serve: --root is given twice"),
        Arguments.of(List.of("up", "--timeline=yes", "x"), "crema up: --timeline takes no value"),
        Arguments.of(List.of("serve", "x"), "crema serve: takes no operands, but got [x]"),
        Arguments.of(List.of("up"), "crema up: names no file; expected one or more Pod manifests"),
        Arguments.of(List.of("explain"), "crema explain: takes one container, not 0"));
  }

  @ParameterizedTest
  @MethodSource("typos")
  void whatIsTypedWrongIsToldWithTheNearestName(List<String> words, String message) {
    assertThat(run(words.toArray(String[]::new))).isEqualTo(2);
    assertThat(err().lines().findFirst()).contains(message);
  }

  @Test
  void aBrokenConfigurationIsToldWhole() throws Exception {
    Path file = Files.writeString(directory.resolve("c.toml"), "rot = 1\nlog_level = \"loud\"\n");
    assertThat(run("serve", "--config", file.toString())).isEqualTo(2);
    assertThat(err())
        .isEqualTo(
            """
            crema serve: %s:
              rot: unknown key; did you mean 'root'?
              log_level: 'loud' is not one of error, warn, info, debug, trace
            """
                .formatted(file));
  }

  @Test
  void explainSaysWhenNoDaemonAnswers() {
    assertThat(run("explain", "x", "--address", directory + "/none.sock")).isEqualTo(2);
    assertThat(err()).contains("no daemon answers on " + directory + "/none.sock");
  }

  @Test
  void aManifestThatIsWrongStopsBeforeAnythingRuns() throws Exception {
    Path file = Files.writeString(directory.resolve("p.yaml"), "kind: Job\n");
    assertThat(run("up", file.toString())).isEqualTo(2);
    assertThat(err()).isEqualTo(file + ":1: kind: 'Job' is not supported; expected Pod\n");
  }
}
