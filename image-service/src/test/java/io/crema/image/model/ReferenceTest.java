package io.crema.image.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The rules are those of github.com/distribution/reference (normalize_test.go, reference_test.go).
 */
class ReferenceTest {
  private static final String HEX = "0123456789abcdef".repeat(4);

  @ParameterizedTest
  @CsvSource({
    "busybox, docker.io/library/busybox:latest",
    "busybox:1.36, docker.io/library/busybox:1.36",
    "docker.io/busybox, docker.io/library/busybox:latest",
    "index.docker.io/busybox, docker.io/library/busybox:latest",
    "index.docker.io/library/busybox:1, docker.io/library/busybox:1",
    "grafana/grafana, docker.io/grafana/grafana:latest",
    "registry.k8s.io/pause:3.10, registry.k8s.io/pause:3.10",
    "quay.io/a/b/c/d:v1, quay.io/a/b/c/d:v1",
    "localhost/x, localhost/x:latest",
    "localhost:5000/x, localhost:5000/x:latest",
    "localhost:5000, docker.io/library/localhost:5000",
    "127.0.0.1:5000/x:y, 127.0.0.1:5000/x:y",
    "[2001:db8::1]:5000/x:y, [2001:db8::1]:5000/x:y",
    "[::1]/x, [::1]/x:latest",
    "Registry/x, Registry/x:latest",
    "host.example:443/a__b/c-d---e.f_g:T_ag.1-2, host.example:443/a__b/c-d---e.f_g:T_ag.1-2",
    "xn--n3h.com/x, xn--n3h.com/x:latest",
    "x:latest, docker.io/library/x:latest"
  })
  void whatPeopleWriteIsNormalised(String written, String canonical) {
    assertThat(Reference.parse(written).canonical()).isEqualTo(canonical);
    assertThat(Reference.parse(canonical).canonical()).isEqualTo(canonical);
  }

  @Test
  void aTagBesideADigestIsDropped() {
    Reference both = Reference.parse("busybox:1.36@sha256:" + HEX);
    assertThat(both.canonical()).isEqualTo("docker.io/library/busybox@sha256:" + HEX);
    assertThat(both.tagged()).isEmpty();
    assertThat(both.identifier()).isEqualTo("sha256:" + HEX);
    assertThat(both).hasToString("docker.io/library/busybox:1.36@sha256:" + HEX);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "UPPER",
        "library/UPPER",
        "docker.io/Library/x",
        "a//b",
        "/a",
        "a/",
        "a:",
        "a:b:c",
        "a:-x",
        "a:.x",
        "a@",
        "a@sha256:abc",
        "a@sha512:00",
        "a b",
        "a\n",
        "a/../b",
        "a..b",
        "a___b",
        "-a",
        "a-",
        "https://docker.io/x",
        "x.example:port/y",
        "-x.example/y",
        "x.example-/y",
        "[::1/y",
        "[fe80::1%25eth0]/y",
        "aa/asdf$$^/aa",
        "sha256:"
      })
  void whatIsNoReferenceIsRefusedByName(String text) {
    assertThatThrownBy(() -> Reference.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("image reference \"" + text + "\": ");
  }

  @Test
  void anImageIdIsNoReference() {
    assertThatThrownBy(() -> Reference.parse(HEX)).hasMessageContaining("image id");
  }

  @Test
  void aRepositoryMayHave255CharactersBesideItsHost() {
    assertThat(Reference.parse("registry.example/" + "a".repeat(255)).path()).hasSize(255);
    assertThatThrownBy(() -> Reference.parse("registry.example/" + "a".repeat(256)))
        .hasMessageContaining("255");
  }

  @Test
  void aTagMayHave128Characters() {
    assertThat(Reference.parse("a:" + "t".repeat(128)).tag()).hasSize(128);
    assertThatThrownBy(() -> Reference.parse("a:" + "t".repeat(129))).hasMessageContaining("128");
  }

  @Test
  void aTextWithoutEndIsNotRead() {
    assertThatThrownBy(() -> Reference.parse("a".repeat(100_000)))
        .hasMessage("image reference of 100000 characters: 1024 are allowed");
  }

  @Test
  void whateverIsReadIsReadBackTheSame() {
    Random random = new Random(7);
    String alphabet = "ab0:/@.-_[]A sha256";
    int read = 0;
    for (int i = 0; i < 200_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(12) + 1; n > 0; n--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      Reference reference;
      try {
        reference = Reference.parse(text.toString());
      } catch (IllegalArgumentException e) {
        continue;
      }
      read++;
      assertThat(Reference.parse(reference.toString())).as(text.toString()).isEqualTo(reference);
    }
    assertThat(read).isGreaterThan(1000);
  }
}
