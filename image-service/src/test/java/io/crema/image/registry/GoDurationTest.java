package io.crema.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** As time.ParseDuration. */
class GoDurationTest {
  @ParameterizedTest
  @CsvSource({
    "5s, 5000000000",
    "300ms, 300000000",
    "1.5h, 5400000000000",
    "2m30s, 150000000000",
    "1h2m3s4ms5us6ns, 3723004005006",
    ".5s, 500000000",
    "1.s, 1000000000",
    "3µs, 3000",
    "0, 0",
    "-5s, -5000000000",
    "+5s, 5000000000"
  })
  void goodOnes(String text, long nanos) {
    assertThat(GoDuration.parse(text).toNanos()).isEqualTo(nanos);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "s", ".s", "5d", "5 s", "5s ", "--5s", "9999999999h", "1..5s"})
  void badOnesAreNamed(String text) {
    assertThatThrownBy(() -> GoDuration.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"" + text + "\"");
  }
}
