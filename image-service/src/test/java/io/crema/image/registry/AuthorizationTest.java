package io.crema.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.image.model.Credentials;
import io.crema.image.model.PullException;
import io.crema.image.rig.TestImage;
import io.crema.image.rig.TestRegistry;
import io.crema.image.rig.TestRegistry.Request;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class AuthorizationTest {
  private static final TestImage IMAGE = TestImage.of("secret");
  private static final Credentials ME = Credentials.of("me", "pass-word", "", "", "", "");
  private static final String BASIC =
      "Basic "
          + Base64.getEncoder().encodeToString("me:pass-word".getBytes(StandardCharsets.UTF_8));

  @TempDir Path directory;
  private TestRegistry registry;
  private TestRegistry tokens;
  private RegistryRig rig;

  @BeforeEach
  void open() throws Exception {
    registry = TestRegistry.start();
    tokens = TestRegistry.start();
    IMAGE.push(registry, "team/app", "1");
    rig = new RegistryRig(directory).hosts(registry);
  }

  @AfterEach
  void close() {
    rig.close();
    registry.close();
    tokens.close();
  }

  @Test
  void basicCredentialsAreSentWhenAskedForAndThenWithEachRequest() throws Exception {
    registry.gate(r -> wants(r, BASIC, "Basic realm=\"x\""));
    RegistrySession session = rig.session(ME);
    session.document("1");
    session.download(IMAGE.layers().getFirst(), Set.of()).to(chunk -> {});
    assertThat(registry.requests().stream().map(r -> r.header("authorization")))
        .containsExactly(null, BASIC, BASIC);
  }

  @Test
  void wrongCredentialsAreTriedOnce() {
    registry.gate(r -> wants(r, "Basic other", "Basic realm=\"x\""));
    assertThatThrownBy(() -> rig.session(ME).document("1"))
        .isInstanceOf(PullException.Unauthorized.class)
        .hasMessageContaining("401")
        .message()
        .doesNotContain("pass-word", BASIC);
    assertThat(registry.requests()).hasSize(2);
  }

  @Test
  void withoutCredentialsARegistryThatWantsThemRefuses() {
    registry.gate(r -> wants(r, BASIC, "Basic realm=\"x\""));
    assertThatThrownBy(() -> rig.session().document("1"))
        .isInstanceOf(PullException.Unauthorized.class)
        .hasMessageContaining(registry.url() + ": 401");
  }

  @Test
  void aTokenIsFetchedForTheRightScopeAndUsedForAll() throws Exception {
    registry.gate(r -> wants(r, "Bearer tok", bearer("repository:team/app:pull")));
    tokens.gate(r -> TestRegistry.status(200, "{\"token\":\"tok\",\"expires_in\":300}"));
    RegistrySession session = rig.session(ME);
    session.document("1");
    session.download(IMAGE.layers().getFirst(), Set.of()).to(chunk -> {});
    assertThat(tokens.requests()).hasSize(1);
    Request asked = tokens.requests().getFirst();
    assertThat(asked.query()).isEqualTo("service=reg&scope=repository%3Ateam%2Fapp%3Apull");
    assertThat(asked.header("authorization")).isEqualTo(BASIC);
    assertThat(registry.requests().stream().map(r -> r.header("authorization")))
        .containsExactly(null, "Bearer tok", "Bearer tok");
  }

  @Test
  void aChallengeWithoutScopeGetsTheRepositorys() throws Exception {
    registry.gate(r -> wants(r, "Bearer tok", "Bearer realm=\"" + tokens.url() + "/token?x=y\""));
    tokens.gate(r -> TestRegistry.status(200, "{\"access_token\":\"tok\"}"));
    rig.session().document("1");
    assertThat(tokens.requests().getFirst().query())
        .isEqualTo("x=y&service=&scope=repository%3Ateam%2Fapp%3Apull");
    assertThat(tokens.requests().getFirst().header("authorization")).isNull();
  }

  @Test
  void anIdentityTokenIsTradedForAnAccessToken() throws Exception {
    registry.gate(r -> wants(r, "Bearer tok", bearer("repository:team/app:pull")));
    tokens.gate(r -> TestRegistry.status(200, "{\"access_token\":\"tok\"}"));
    rig.session(Credentials.of("", "", "", "refresh me", "", "")).document("1");
    Request asked = tokens.requests().getFirst();
    assertThat(asked.method()).isEqualTo("POST");
    assertThat(asked.query()).isNull();
    assertThat(asked.body())
        .isEqualTo(
            "grant_type=refresh_token&client_id=crema&service=reg"
                + "&scope=repository%3Ateam%2Fapp%3Apull&refresh_token=refresh+me");
  }

  @Test
  void aRegistryTokenIsSentAsItIs() throws Exception {
    registry.gate(r -> wants(r, "Bearer given", bearer("x")));
    rig.session(Credentials.of("", "", "", "", "given", "")).document("1");
    assertThat(registry.requests()).hasSize(1);
    assertThat(tokens.requests()).isEmpty();
  }

  @Test
  void anExpiredTokenIsFetchedAnewOnceForAllThatWait() throws Exception {
    registry.gate(r -> wants(r, "Bearer one", bearer("repository:team/app:pull")));
    tokens.next("/token", TestRegistry.status(200, "{\"token\":\"one\"}"));
    RegistrySession session = rig.session();
    session.document("1");
    registry.gate(r -> wants(r, "Bearer two", bearer("repository:team/app:pull")));
    tokens.gate(r -> TestRegistry.status(200, "{\"token\":\"two\"}"));
    tokens.forget();
    Callable<RegistrySession.Document> ask = () -> session.document("1");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var document : threads.invokeAll(List.of(ask, ask, ask, ask, ask))) {
        assertThat(document.get().digest()).isEqualTo(IMAGE.manifestDigest());
      }
    }
    assertThat(tokens.requests()).hasSize(1);
  }

  @Test
  void aTokenThatIsNotTakenEndsInARefusal() {
    registry.gate(r -> wants(r, "Bearer never", bearer("x")));
    tokens.gate(r -> TestRegistry.status(200, "{\"token\":\"tok\"}"));
    assertThatThrownBy(() -> rig.session(ME).document("1"))
        .isInstanceOf(PullException.Unauthorized.class);
    assertThat(registry.requests()).hasSize(2);
  }

  @Test
  void aTokenServersRefusalIsTheRegistrys() {
    registry.gate(r -> wants(r, "Bearer tok", bearer("x")));
    tokens.gate(r -> TestRegistry.status(401, "{\"details\":\"incorrect username or password\"}"));
    assertThatThrownBy(() -> rig.session(ME).document("1"))
        .isInstanceOf(PullException.Unauthorized.class);
  }

  @Test
  void aTokenServerThatIsDownIsNamed() {
    registry.gate(r -> wants(r, "Bearer tok", bearer("x")));
    tokens.gate(r -> TestRegistry.status(502, ""));
    assertThatThrownBy(() -> rig.session(ME).document("1"))
        .isInstanceOf(PullException.RegistryUnavailable.class)
        .hasMessageContaining("token server " + tokens.url() + " answers 502");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"token\":\"a\\nb\"}",
        "{\"token\":\"pass-word\" oops",
        "[]",
        "{}",
        "{\"token\":\"\"}",
        "{\"token\":{}}"
      })
  void whatATokenServerSaysAmissIsNeverShown(String answer) {
    registry.gate(r -> wants(r, "Bearer tok", bearer("x")));
    tokens.gate(r -> TestRegistry.status(200, answer));
    assertThatThrownBy(() -> rig.session(ME).document("1"))
        .isInstanceOf(PullException.class)
        .satisfies(e -> assertThat(texts(e)).doesNotContain("pass-word", BASIC, "a\nb"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "file:///etc/passwd", "no address at all", "https://", "http://[x"})
  void aRealmThatIsNoAddressIsNotAsked(String realm) {
    registry.gate(r -> wants(r, "Bearer tok", "Bearer realm=\"" + realm + "\""));
    assertThatThrownBy(() -> rig.session(ME).document("1"))
        .isInstanceOf(PullException.RegistryUnavailable.class)
        .hasMessageContaining("token realm");
  }

  @Test
  void nothingSecretGoesAlongWithARedirectToAnotherHost() throws Exception {
    TestRegistry store = tokens;
    rig.toml("server = \"%s\"\n[header]\nX-Secret = \"own\"\n".formatted(registry.url()));
    byte[] blob = registry.blob(IMAGE.layer(0));
    store.gate(r -> TestRegistry.content("", blob));
    registry.gate(
        r -> {
          TestRegistry.@Nullable Reply refusal = wants(r, BASIC, "Basic realm=\"x\"");
          return refusal != null
              ? refusal
              : TestRegistry.status(307, "", "Location", store.url() + "/blob");
        });
    rig.session(ME).download(IMAGE.layers().getFirst(), Set.of()).to(chunk -> {});
    Request there = store.requests().getFirst();
    assertThat(there.header("authorization")).isNull();
    assertThat(there.header("x-secret")).isNull();
    assertThat(registry.requests()).allMatch(r -> "own".equals(r.header("x-secret")));
  }

  @Test
  void whatIsSecretStaysWithARedirectOnTheSameHost() throws Exception {
    registry.gate(
        r -> {
          TestRegistry.@Nullable Reply refusal = wants(r, BASIC, "Basic realm=\"x\"");
          return refusal == null && r.path().contains("/blobs/")
              ? TestRegistry.status(302, "", "Location", "/v2/team/app/manifests/1")
              : refusal;
        });
    assertThatThrownBy(() -> rig.session(ME).small(IMAGE.layers().getFirst()))
        .isInstanceOf(PullException.Invalid.class);
    assertThat(registry.requests("/manifests/1").getFirst().header("authorization"))
        .isEqualTo(BASIC);
  }

  @Test
  void credentialsForAnotherServerAreNotSent() {
    registry.gate(r -> wants(r, BASIC, "Basic realm=\"x\""));
    Credentials others = Credentials.of("me", "pass-word", "", "", "given", "other.example");
    assertThatThrownBy(() -> rig.session(others).document("1"))
        .isInstanceOf(PullException.Unauthorized.class);
    assertThat(registry.requests()).allMatch(r -> r.header("authorization") == null);
  }

  private TestRegistry.@Nullable Reply wants(Request r, String header, String challenge) {
    return header.equals(r.header("authorization"))
        ? null
        : TestRegistry.status(401, "", "WWW-Authenticate", challenge);
  }

  private String bearer(String scope) {
    return "Bearer realm=\"%s/token\",service=\"reg\",scope=\"%s\"".formatted(tokens.url(), scope);
  }

  private static String texts(Throwable e) {
    StringBuilder all = new StringBuilder();
    for (Throwable x = e; x != null; x = x.getCause()) {
      all.append(x).append('\n');
    }
    return all.toString();
  }
}
