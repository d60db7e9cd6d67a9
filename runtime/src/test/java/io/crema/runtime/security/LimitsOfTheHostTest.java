package io.crema.runtime.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.runtime.security.Rlimit.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What Crema can't raise without CAP_SYS_RESOURCE is clamped, and said once. */
class LimitsOfTheHostTest {
  private static final String LIMITS =
      """
      Limit                     Soft Limit           Hard Limit           Units
      Max cpu time              unlimited            unlimited            seconds
      Max processes             1000                 2000                 processes
      Max open files            1024                 524288               files
      Max locked memory         8388608              8388608              bytes
      Max realtime timeout      unlimited            unlimited            us
      """;

  private final List<String> said = new ArrayList<>();
  private final Logger logger = Logger.getLogger("io.crema.runtime.security");
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          said.add(record.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    logger.addHandler(handler);
  }

  @AfterEach
  void listenNoMore() {
    logger.removeHandler(handler);
  }

  @Test
  void aLimitWithinTheHardOneIsTakenAsItIs() {
    Rlimits limits = Rlimits.of(LIMITS, false);
    Rlimit wanted = new Rlimit(Kind.NOFILE, 100, 524_288);
    assertThat(limits.clamp(wanted)).isEqualTo(wanted);
    assertThat(limits.own(Kind.NPROC)).isEqualTo(new Rlimit(Kind.NPROC, 1000, 2000));
    assertThat(limits.own(Kind.CPU).hard()).isEqualTo(Rlimit.INFINITY);
    assertThat(limits.own(Kind.STACK).hard()).as("not told").isEqualTo(Rlimit.INFINITY);
    assertThat(said).isEmpty();
  }

  @Test
  void aLimitAboveTheHardOneIsCutDownAndThatIsSaidOncePerKind() {
    Rlimits limits = Rlimits.of(LIMITS, false);
    assertThat(limits.clamp(new Rlimit(Kind.NOFILE, 600_000, Rlimit.INFINITY)))
        .isEqualTo(new Rlimit(Kind.NOFILE, 524_288, 524_288));
    assertThat(limits.clamp(new Rlimit(Kind.NOFILE, 1, 524_289)))
        .isEqualTo(new Rlimit(Kind.NOFILE, 1, 524_288));
    assertThat(said).hasSize(1);
    limits.clamp(new Rlimit(Kind.NPROC, 3000, 3000));
    assertThat(said).hasSize(2);
  }

  @Test
  void withThePrivilegeNothingIsCut() {
    Rlimit wanted = new Rlimit(Kind.NOFILE, Rlimit.INFINITY, Rlimit.INFINITY);
    assertThat(Rlimits.of(LIMITS, true).clamp(wanted)).isEqualTo(wanted);
  }

  @Test
  void limitsAreComparedWithoutASign() {
    assertThatThrownBy(() -> new Rlimit(Kind.CPU, Rlimit.INFINITY, 5))
        .hasMessageContaining("RLIMIT_CPU");
    assertThat(Kind.of("nofile")).isEqualTo(Kind.NOFILE).isEqualTo(Kind.of("RLIMIT_NOFILE"));
    assertThatThrownBy(() -> Kind.of("files")).hasMessageContaining("files");
  }

  @Test
  void numbersAreThoseOfTheKernelsHeader() {
    // asm-generic/resource.h
    assertThat(Kind.CPU.number()).isZero();
    assertThat(Kind.STACK.number()).isEqualTo(3);
    assertThat(Kind.NPROC.number()).isEqualTo(6);
    assertThat(Kind.NOFILE.number()).isEqualTo(7);
    assertThat(Kind.MEMLOCK.number()).isEqualTo(8);
    assertThat(Kind.NICE.number()).isEqualTo(13);
    assertThat(Kind.RTTIME.number()).isEqualTo(15);
  }

  @Test
  void anOomScoreBelowTheDaemonsIsRaisedAndThatIsSaidOnce() {
    OomScore score = OomScore.of(false, -500);
    assertThat(score.clamp(-500)).isEqualTo(-500);
    assertThat(score.clamp(1000)).isEqualTo(1000);
    assertThat(said).isEmpty();
    assertThat(score.clamp(-998)).isEqualTo(-500);
    assertThat(score.clamp(-997)).isEqualTo(-500);
    assertThat(said).hasSize(1);
    assertThat(OomScore.of(true, 0).clamp(-1000)).isEqualTo(-1000);
    assertThatThrownBy(() -> score.clamp(1001)).hasMessageContaining("expected -1000 to 1000");
  }
}
