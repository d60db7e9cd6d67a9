package io.crema.image.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CredentialsTest {
  @Test
  void userAndPasswordMayComePackedAsDockerStoresThem() {
    Credentials c = Credentials.of("", "", base64("me:se:cret\0\0"), "", "", "");
    assertThat(c.username()).isEqualTo("me");
    assertThat(c.password()).isEqualTo("se:cret");
  }

  @Test
  void linesInThePackedFormAreFine() {
    String packed = base64("someone:a-password-of-some-length");
    Credentials c =
        Credentials.of("", "", packed.substring(0, 8) + "\n" + packed.substring(8), "", "", "");
    assertThat(c.password()).isEqualTo("a-password-of-some-length");
  }

  @Test
  void aPlainUserWinsOverThePackedForm() {
    Credentials c = Credentials.of("me", "mine", base64("you:yours"), "", "", "");
    assertThat(c.username()).isEqualTo("me");
    assertThat(c.password()).isEqualTo("mine");
  }

  @Test
  void anUnreadablePackedFormIsNamedButNotShown() {
    assertThatThrownBy(() -> Credentials.of("", "", "c2VjcmV0", "", "", ""))
        .hasMessage("credentials: \"auth\" is not user:password");
    assertThatThrownBy(() -> Credentials.of("", "", "s!cret", "", "", ""))
        .hasMessage("credentials: \"auth\" is not base64")
        .hasNoCause();
  }

  @Test
  void nothingSecretIsEverPrinted() {
    Credentials c = Credentials.of("user", "pass", "", "identity", "registry", "host");
    assertThat(c.toString()).isEqualTo("Credentials[hidden]");
    assertThat(Credentials.NONE.toString()).isEqualTo("Credentials[none]");
  }

  @ParameterizedTest
  @CsvSource({
    "'', registry.example, true",
    "registry.example, registry.example, true",
    "https://registry.example/v1/, registry.example, true",
    "https://registry.example:5000, registry.example, false",
    "registry.example:5000, registry.example:5000, true",
    "https://index.docker.io/v1/, registry-1.docker.io, true",
    "https://other.example, registry.example, false",
    "https://registry.example.evil, registry.example, false"
  })
  void theyAreForTheHostThatTheyNameOrForAny(String server, String host, boolean theirs) {
    Credentials c = Credentials.of("u", "p", "", "", "", server);
    assertThat(c.forHost(host)).isEqualTo(theirs ? c : Credentials.NONE);
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
