package io.crema.server.up;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemberTest {
  @ParameterizedTest
  @CsvSource({
    "Always, 0, true",
    "Always, 1, true",
    "OnFailure, 0, false",
    "OnFailure, 1, true",
    "Never, 1, false"
  })
  void restartsAsItsPolicySays(String policy, int code, boolean again) {
    Member member = new Member(new Container(), "sha256:x", policy);
    assertThat(member.exited(code, 5)).isEqualTo(again);
    assertThat(member.willRestart()).isEqualTo(again);
  }

  @Test
  void waitsLongerEachTime() {
    Member member = new Member(new Container(), "sha256:x", "Always");
    long second = Duration.ofSeconds(1).toNanos();
    member.exited(1, 0);
    assertThat(member.isDue(second - 1)).isFalse();
    assertThat(member.isDue(second)).isTrue();
    member.restarted();
    assertThat(member.attempt).isEqualTo(1);
    member.exited(1, 0);
    assertThat(member.isDue(2 * second - 1)).isFalse();
    assertThat(member.isDue(2 * second)).isTrue();
  }
}
