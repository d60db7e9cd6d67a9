package io.crema.sandbox.life;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignalsTest {
  @ParameterizedTest
  @CsvSource({
    "SIGTERM, 15",
    "TERM, 15",
    "15, 15",
    "sigkill, 9",
    "SIGCLD, 17",
    "SIGCHLD, 17",
    "SIGPOLL, 29",
    "SIGIOT, 6",
    "SIGSYS, 31",
    "SIGRTMIN, 34",
    "SIGRTMIN+3, 37",
    "SIGRTMAX-14, 50",
    "RTMAX, 64",
    "64, 64"
  })
  void namesAndNumbersAreThoseOfTheKernel(String text, int number) {
    assertThat(Signals.parse(text)).hasValue(number);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "SIG", "SIGFOO", "0", "65", "SIGRTMIN+31", "SIGRTMAX-31", "-9"})
  void othersAreNone(String text) {
    assertThat(Signals.parse(text)).isEmpty();
  }
}
