package io.crema.runtime.keeper;

import static io.crema.runtime.keeper.KeeperRig.get;
import static io.crema.runtime.keeper.KeeperRig.shell;
import static org.assertj.core.api.Assertions.assertThat;

import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the keeper writes into a container's log (format: containerd's internal/cri/io/logger.go).
 */
@Timeout(60)
class KeeperLogTest {
  @TempDir Path directory;
  KeeperRig rig;

  @BeforeEach
  void start() throws IOException {
    rig = new KeeperRig(directory);
  }

  @AfterEach
  void stop() throws IOException {
    rig.close();
  }

  /** Runs {@code script}; by its exit its whole output must be in the log. */
  private List<String> logOf(String script) throws Exception {
    try (Fd log = rig.openLog()) {
      get(rig.keeper.launch(rig.logged(shell(script), log).build()));
      rig.exit();
      return rig.log();
    }
  }

  private static List<String> contents(List<String> lines) {
    return lines.stream().map(l -> l.substring(31)).toList();
  }

  @Test
  void linesCarryTimeStreamAndTag() throws Exception {
    List<String> lines = logOf("echo one; echo; sleep 0.05; echo two >&2");
    assertThat(contents(lines)).containsExactly("stdout F one", "stdout F ", "stderr F two");
    for (String line : lines) {
      assertThat(line)
          .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z std(out|err) F .*");
      Instant time = Instant.parse(line.substring(0, 30));
      assertThat(Duration.between(time, Instant.now()).abs()).isLessThan(Duration.ofSeconds(20));
    }
  }

  @Test
  void aLastLineWithoutItsEndIsPartialAndCarriageReturnsAtLineEndsGo() throws Exception {
    assertThat(contents(logOf("printf 'a\\r\\nb\\rc\\n\\r\\nend'")))
        .containsExactly("stdout F a", "stdout F b\rc", "stdout F ", "stdout P end");
  }

  @Test
  void longLinesComeInPartsOf16KiB() throws Exception {
    StringBuilder output = new StringBuilder();
    for (int n : new int[] {16383, 16384, 16385, 16386, 40000}) {
      output.append("x".repeat(n)).append('\n');
    }
    output.append("x".repeat(16384)).append("\r\n");
    Path file = Files.writeString(directory.resolve("output"), output);
    List<String> shapes = new ArrayList<>();
    for (String line : contents(logOf("cat " + file))) {
      shapes.add(line.charAt(7) + " " + (line.length() - 9));
    }
    assertThat(shapes)
        .containsExactly(
            "F 16383", "F 16384", "P 16384", "F 1", "P 16384", "F 2", "P 16384", "P 16384",
            "F 7232", "F 16384");
  }

  @Test
  void partsDoNotDependOnHowTheOutputArrives() throws Exception {
    // 100 bytes at a time, so that lines are carried over hundreds of reads.
    String script =
        "s=$(printf '%0100d' 7); i=0; while [ $i -lt 165 ]; do printf %s \"$s\"; i=$((i+1));"
            + " done; echo; printf tail";
    List<String> lines = contents(logOf(script));
    assertThat(lines).hasSize(3);
    assertThat(lines.get(0)).startsWith("stdout P 0").hasSize(9 + 16384);
    assertThat(lines.get(1)).startsWith("stdout F ").hasSize(9 + 116);
    assertThat(lines.get(2)).isEqualTo("stdout P tail");
  }

  @Test
  void everyByteOfALargeOutputArrives() throws Exception {
    List<String> lines = logOf("seq 1 300000");
    assertThat(lines).hasSize(300000);
    for (int i = 0; i < lines.size(); i++) {
      assertThat(lines.get(i)).endsWith(" stdout F " + (i + 1));
    }
  }

  @Test
  void theLogCanBeReopened() throws Exception {
    Path rotated = directory.resolve("0.log.1");
    try (Fd log = rig.openLog()) {
      LaunchRequest request =
          LaunchRequest.builder(1, "c", shell("echo before; read x; echo after"))
              .stdio(new Stdio.Piped(false), Stdio.LOGGED, Stdio.LOGGED)
              .log(log)
              .build();
      get(rig.keeper.launch(request));
      while (Files.size(rig.logFile()) == 0) {
        get(rig.keeper.ping());
      }
      Files.move(rig.logFile(), rotated);
      try (Fd fresh = rig.openLog()) {
        get(rig.keeper.reopenLog(1, fresh));
      }
      get(rig.keeper.closeStdin(1));
      rig.exit();
    }
    assertThat(contents(Files.readAllLines(rotated))).containsExactly("stdout F before");
    assertThat(contents(rig.log())).containsExactly("stdout F after");
  }

  @Test
  void aBackgroundProcessDoesNotHoldUpTheExitAndIsStillLogged() throws Exception {
    try (Fd log = rig.openLog()) {
      String script = "(read go < " + directory + "/fifo; echo late) & echo soon";
      new ProcessBuilder("mkfifo", directory + "/fifo").start().waitFor();
      get(rig.keeper.launch(rig.logged(shell(script), log).build()));
      rig.exit();
      assertThat(contents(rig.log())).containsExactly("stdout F soon");
      get(rig.keeper.forget(1));
      Files.writeString(directory.resolve("fifo"), "go\n");
      while (rig.log().size() < 2) {
        get(rig.keeper.ping());
      }
      assertThat(contents(rig.log())).containsExactly("stdout F soon", "stdout F late");
    }
  }

  @Test
  void aFullDiskNeitherBlocksNorEndsAContainerAndIsCounted() throws Exception {
    try (Fd full = Paths.linux().open("/dev/full", 1, 0);
        Fd log = rig.openLog()) {
      LaunchRequest request =
          LaunchRequest.builder(1, "c", shell("seq 1 50000; read x; echo resumed"))
              .stdio(new Stdio.Piped(false), Stdio.LOGGED, Stdio.LOGGED)
              .log(full)
              .build();
      get(rig.keeper.launch(request));
      // 50,000 lines of 41 bytes and their 238,894 digits.
      while (get(rig.keeper.list()).getFirst().droppedLogBytes() < 2_288_894) {
        get(rig.keeper.ping());
      }
      get(rig.keeper.reopenLog(1, log));
      get(rig.keeper.closeStdin(1));
      assertThat(rig.exit().code()).isZero();
      assertThat(contents(rig.log())).containsExactly("stdout F resumed");
    }
  }

  @Test
  void withoutALogOutputIsDropped() throws Exception {
    get(rig.keeper.launch(rig.logged(shell("seq 1 100000"), null).build()));
    assertThat(rig.exit().code()).isZero();
  }
}
