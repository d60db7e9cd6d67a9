package io.crema.runtime.keeper;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
  @Test
  void tornAndForeignLinesDoNotHideTheOthers() {
    String text =
        """
        started 1 web 100 1700000000000000001
        rubbish

        exited 1 web 100 256 1700000001000000002
        started x y z 1
        exited 2 db 101 137 17""";
    assertThat(Journal.parse(text.getBytes(UTF_8)))
        .containsExactly(
            new Journal.Started(1, "web", 100, Instant.ofEpochSecond(1700000000L, 1)),
            new Journal.Exited(
                1, "web", new Exit(1, 100, 256, Instant.ofEpochSecond(1700000001L, 2))));
  }

  @Test
  void noFileIsNoEntry(@TempDir Path directory) throws Exception {
    assertThat(Journal.read(directory)).isEmpty();
    assertThat(Journal.exits(directory)).isEmpty();
  }

  @Test
  void exitCodesAreThoseOfShells() {
    assertThat(new Exit(1, 1, 3 << 8, Instant.EPOCH).code()).isEqualTo(3);
    assertThat(new Exit(1, 1, 9, Instant.EPOCH).code()).isEqualTo(137);
    assertThat(new Exit(1, 1, 0x80 | 6, Instant.EPOCH).code()).isEqualTo(134);
  }
}
