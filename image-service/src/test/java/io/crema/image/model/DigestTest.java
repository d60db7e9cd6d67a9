package io.crema.image.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DigestTest {
  @Test
  void itIsTheSha256OfTheContent() {
    assertThat(Digest.of("abc".getBytes(StandardCharsets.UTF_8)))
        .hasToString("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "sha256:", "sha256:00", "md5:00", "sha512:00", "SHA256:00"})
  void anythingElseIsRefused(String text) {
    assertThat(Digest.isDigest(text)).isFalse();
    assertThatThrownBy(() -> Digest.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void upperCaseAndPathsAreRefused() {
    assertThat(Digest.isDigest("sha256:" + "A".repeat(64))).isFalse();
    assertThat(Digest.isDigest("sha256:" + "../".repeat(21) + "a")).isFalse();
  }
}
