package io.crema.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StatTextTest {
  private static final String STAT = "cache 10\nrss 20\ntotal_rss 30\npgfault 40\ntotal_swap 50";

  @Test
  void aKeyIsAWholeWordAtTheBeginningOfALine() {
    StatText stat = new StatText(STAT);
    assertThat(stat.number("cache")).isEqualTo(10);
    assertThat(stat.number("rss")).isEqualTo(20);
    assertThat(stat.number("total_rss")).isEqualTo(30);
    assertThat(stat.number("total_swap")).isEqualTo(50);
    assertThat(stat.number("pg")).isZero();
    assertThat(stat.number("ache")).isZero();
  }

  @Test
  void aFileThatIsNotThereHasNothing() {
    assertThat(new StatText("").number("cache")).isZero();
  }
}
