package io.crema.server.up;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogFollowerTest {
  @TempDir Path directory;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Screen screen =
      new Screen(
          new PrintStream(out, true, StandardCharsets.UTF_8),
          new PrintStream(err, true, StandardCharsets.UTF_8),
          false);

  @Test
  void linesComeWholeAndOnTheirOwnStream() throws Exception {
    Path file = directory.resolve("0.log");
    LogFollower follower = new LogFollower(file, "web", screen);
    follower.drain(); // not there yet
    Files.writeString(file, "T stdout F hello world\nT stdout P long \nT stdo");
    follower.drain();
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("web | hello world\n");
    Files.writeString(file, "ut F line\nT stderr F oh\nT stdout F \n", StandardOpenOption.APPEND);
    follower.drain();
    assertThat(out.toString(StandardCharsets.UTF_8))
        .isEqualTo("web | hello world\nweb | long line\nweb | \n");
    assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("web | oh\n");
  }
}
