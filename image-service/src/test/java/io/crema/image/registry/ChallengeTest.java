package io.crema.image.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ChallengeTest {
  @Test
  void dockerHubsIsRead() {
    Challenge c =
        Challenge.best(
                List.of(
                    "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\","
                        + "scope=\"repository:samalba/my-app:pull,push\""))
            .orElseThrow();
    assertThat(c.scheme()).isEqualTo("bearer");
    assertThat(c.parameters())
        .containsEntry("realm", "https://auth.docker.io/token")
        .containsEntry("service", "registry.docker.io")
        .containsEntry("scope", "repository:samalba/my-app:pull,push");
  }

  @Test
  void spacesTokensAndEscapesAreFine() {
    Challenge c =
        Challenge.best(List.of("BEARER  realm = \"a\\\"b\" ,Service=plain")).orElseThrow();
    assertThat(c.parameters()).containsEntry("realm", "a\"b").containsEntry("service", "plain");
  }

  @Test
  void aBearersIsAnsweredBeforeABasicOneAndOthersNever() {
    List<String> both = List.of("Basic realm=\"x\"", "Negotiate", "Bearer realm=\"y\"");
    assertThat(Challenge.best(both).orElseThrow().scheme()).isEqualTo("bearer");
    assertThat(Challenge.best(List.of("Digest realm=\"x\", nonce=\"y\""))).isEmpty();
    assertThat(Challenge.best(List.of("Basic"))).isPresent();
    assertThat(Challenge.best(List.of())).isEmpty();
  }

  @Test
  void oneHeaderMayHoldSeveral() {
    List<Challenge> all = Challenge.parse("Basic realm=\"x\", Bearer realm=\"y\",scope=\"z\"");
    assertThat(all.stream().map(Challenge::scheme)).containsExactly("basic", "bearer");
    assertThat(all.get(1).parameters()).containsEntry("scope", "z");
  }

  @Test
  @Timeout(20)
  void garbageIsReadInFiniteTime() {
    Random random = new Random(5);
    String alphabet = "ab=\", \\;\t(Bearer";
    for (int i = 0; i < 5_000; i++) {
      StringBuilder text = new StringBuilder("Bearer ");
      for (int n = random.nextInt(30); n > 0; n--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      assertThat(Challenge.parse(text.toString()))
          .allSatisfy(c -> assertThat(c.scheme()).matches("[a-z0-9._-]+"));
    }
    assertThat(Challenge.parse("Bearer a=\"" + "\\".repeat(100_000))).hasSize(1);
  }
}
