package io.crema.image.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;

/** The CRI's AuthConfig, field by field. */
class AuthConfigTest {
  @Test
  void everyFieldHasItsPlace() {
    Credentials all = Credentials.of("user", "password", "", "identity", "registry", "example.org");
    assertThat(all.username()).isEqualTo("user");
    assertThat(all.password()).isEqualTo("password");
    assertThat(all.identityToken()).isEqualTo("identity");
    assertThat(all.registryToken()).isEqualTo("registry");
    assertThat(all.forHost("example.org")).isEqualTo(all);
    assertThat(all.forHost("example.com")).isEqualTo(Credentials.NONE);
    assertThat(all).hasToString("Credentials[hidden]");
  }

  @Test
  void authIsUserAndPasswordInBase64() {
    String auth = Base64.getEncoder().encodeToString("u:p:q".getBytes(StandardCharsets.UTF_8));
    Credentials of = Credentials.of("", "", auth, "", "", "");
    assertThat(of.username()).isEqualTo("u");
    assertThat(of.password()).isEqualTo("p:q");
    assertThat(Credentials.of("named", "x", auth, "", "", "").username()).isEqualTo("named");
    assertThatThrownBy(() -> Credentials.of("", "", "?", "", "", ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not base64");
  }
}
