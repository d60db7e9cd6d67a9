package io.crema.image.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformTest {
  @ParameterizedTest
  @CsvSource({
    "linux/amd64, linux/x86_64, true",
    "linux/amd64, linux/amd64/v1, true",
    "linux/amd64, linux/amd64/v2, false",
    "linux/amd64/v3, linux/amd64/v2, true",
    "linux/amd64/v3, linux/amd64/v4, false",
    "linux/amd64, linux/386, false",
    "linux/amd64, windows/amd64, false",
    "linux/arm64/v8, linux/arm64, true",
    "linux/arm64, linux/aarch64/8, true",
    "linux/arm64/v8, linux/arm64/v9, false",
    "linux/arm64/v8.2, linux/arm64/v8.1, true",
    "linux/arm/v7, linux/armhf, true",
    "linux/arm/v7, linux/arm/v6, true",
    "linux/arm/v6, linux/arm, false",
    "linux/arm/v6, linux/armel, true",
    "linux/amd64, linux/amd64/unheard-of, false",
    "linux/s390x, linux/s390x, true"
  })
  void anImageForAnOlderVariantRunsAndOneForANewerDoesNot(String host, String image, boolean runs) {
    assertThat(platform(host).match(platform(image)) > 0).isEqualTo(runs);
  }

  @Test
  void theNewestVariantThatRunsIsTheBest() {
    Platform host = platform("linux/amd64/v3");
    assertThat(host.match(platform("linux/amd64/v3")))
        .isGreaterThan(host.match(platform("linux/amd64/v2")));
    assertThat(host.match(platform("linux/amd64/v2")))
        .isGreaterThan(host.match(platform("linux/amd64")));
  }

  private static Platform platform(String text) {
    String[] parts = text.split("/", -1);
    return new Platform(parts[0], parts[1], parts.length > 2 ? parts[2] : "");
  }
}
