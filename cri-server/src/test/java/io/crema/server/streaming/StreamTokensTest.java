package io.crema.server.streaming;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.sandbox.SandboxException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What stands for a request until its client comes. */
class StreamTokensTest {
  private static final StreamRequest REQUEST = new StreamRequest.PortForward("p", List.of());
  private long now = Long.MAX_VALUE - 5; // nanoTime may wrap
  private final StreamTokens tokens = new StreamTokens(() -> now);

  private void pass(Duration time) {
    now += time.toNanos();
  }

  @Test
  void aTokenIsGoodOnceAndForItsOwnPathOnly() throws Exception {
    String token = tokens.issue(REQUEST);
    assertThat(token).matches("[A-Za-z0-9_-]{22}");
    assertThat(tokens.redeem("portforward", token)).contains(REQUEST);
    assertThat(tokens.redeem("portforward", token)).isEmpty();
    String other = tokens.issue(REQUEST);
    assertThat(tokens.redeem("exec", other)).isEmpty();
    assertThat(tokens.redeem("portforward", other)).isEmpty();
  }

  @Test
  void aTokenDiesAfterAMinute() throws Exception {
    String token = tokens.issue(REQUEST);
    pass(Duration.ofSeconds(60));
    String later = tokens.issue(REQUEST);
    pass(Duration.ofNanos(1));
    assertThat(tokens.redeem("portforward", token)).isEmpty();
    assertThat(tokens.redeem("portforward", later)).isPresent();
  }

  @Test
  void aThousandWaitAtMostUntilTheOldestDie() throws Exception {
    Set<String> issued = new HashSet<>();
    for (int i = 0; i < StreamTokens.MAX_IN_FLIGHT; i++) {
      issued.add(tokens.issue(REQUEST));
    }
    assertThat(issued).hasSize(StreamTokens.MAX_IN_FLIGHT);
    assertThatThrownBy(() -> tokens.issue(REQUEST))
        .isInstanceOfSatisfying(
            SandboxException.class,
            e -> assertThat(e.code()).isEqualTo(SandboxException.Code.RESOURCE_EXHAUSTED));
    pass(Duration.ofSeconds(61));
    assertThat(tokens.redeem("portforward", tokens.issue(REQUEST))).isPresent();
  }
}
