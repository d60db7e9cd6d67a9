package io.crema.sandbox.life;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CpuRateTest {
  private static final long SECOND = 1_000_000_000L;
  private final CpuRate rate = new CpuRate();

  @Test
  void oneReadingMakesNoRate() {
    assertThat(rate.of(10 * SECOND, 5)).isEqualTo(-1);
  }

  @Test
  void theRateIsOfTheTimeBetweenTwoReadings() {
    rate.of(10 * SECOND, 0);
    assertThat(rate.of(12 * SECOND, SECOND)).isEqualTo(SECOND / 2);
    assertThat(rate.of(14 * SECOND, SECOND)).isZero();
  }

  @Test
  void whoComesWithinTheSecondGetsTheLastRate() {
    rate.of(10 * SECOND, 0);
    rate.of(12 * SECOND, SECOND);
    assertThat(rate.of(12 * SECOND + 1, 2 * SECOND)).isEqualTo(SECOND / 2);
    assertThat(rate.of(13 * SECOND, SECOND + SECOND / 4)).isEqualTo(SECOND / 4);
  }

  @Test
  void aCounterThatWentBackBeginsAnew() {
    rate.of(10 * SECOND, 5 * SECOND);
    rate.of(12 * SECOND, 6 * SECOND);
    assertThat(rate.of(14 * SECOND, 0)).isEqualTo(-1);
    assertThat(rate.of(15 * SECOND, SECOND)).isEqualTo(SECOND);
  }
}
