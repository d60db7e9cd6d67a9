package io.crema.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.image.model.Blob;
import io.crema.image.model.Digest;
import io.crema.image.model.Manifests;
import io.crema.image.model.PullException;
import io.crema.image.rig.TestImage;
import io.crema.image.rig.TestRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DocumentTest {
  private static final TestImage IMAGE = TestImage.of("hello");

  @TempDir Path directory;
  private TestRegistry mirror;
  private TestRegistry origin;
  private RegistryRig rig;

  @BeforeEach
  void open() throws Exception {
    mirror = TestRegistry.start();
    origin = TestRegistry.start();
    rig = new RegistryRig(directory).hosts(mirror, origin);
  }

  @AfterEach
  void close() {
    rig.close();
    mirror.close();
    origin.close();
  }

  @Test
  void theFirstHostThatHasItIsAskedOnly() throws Exception {
    IMAGE.push(mirror, "team/app", "1").push(origin, "team/app", "1");
    RegistrySession.Document document = rig.session().document("1");
    assertThat(document.bytes()).isEqualTo(IMAGE.manifest());
    assertThat(document.digest()).isEqualTo(IMAGE.manifestDigest());
    assertThat(document.mediaType()).isEqualTo(Manifests.OCI_MANIFEST);
    assertThat(origin.requests()).isEmpty();
    assertThat(mirror.requests().getFirst().header("accept"))
        .isEqualTo(String.join(", ", Manifests.ACCEPT) + ", */*");
  }

  @Test
  void aMirrorIsToldWhatItStandsInForAndTheRegistryItselfIsNot() throws Exception {
    rig.toml("[host.\"%s\"]\n".formatted(mirror.url()));
    IMAGE.push(mirror, "team/app", "1");
    assertThat(rig.session().document("1").digest()).isEqualTo(IMAGE.manifestDigest());
    assertThat(mirror.requests().getFirst().query()).isEqualTo("ns=registry.example");
    assertThat(RegistryHost.upstream("docker.io").isMirrorOf("docker.io")).isFalse();
    assertThat(RegistryHost.upstream("a.example:1").isMirrorOf("a.example:1")).isFalse();
  }

  @Test
  void mirrorsThatFailArePassedOverInOrder() throws Exception {
    IMAGE.push(origin, "team/app", "1");
    for (int status : new int[] {400, 401, 403, 404, 429, 500, 503}) {
      mirror.next("/manifests/1", TestRegistry.status(status, ""));
      mirror.forget();
      assertThat(rig.session().document("1").digest()).isEqualTo(IMAGE.manifestDigest());
      assertThat(mirror.requests()).hasSize(1);
    }
  }

  @Test
  void aMirrorThatCantBeReachedIsPassedOver() throws Exception {
    IMAGE.push(origin, "team/app", "1");
    mirror.close();
    assertThat(rig.session().document("1").digest()).isEqualTo(IMAGE.manifestDigest());
  }

  @Test
  void onlyHostsThatMayResolveAreAskedForATag() throws Exception {
    rig.toml(
        "server = \"%s\"\n[host.\"%s\"]\ncapabilities = [\"pull\"]\n"
            .formatted(origin.url(), mirror.url()));
    IMAGE.push(mirror, "team/app", "1").push(origin, "team/app", "1");
    rig.session().document("1");
    assertThat(mirror.requests()).isEmpty();
    rig.session().document(IMAGE.manifestDigest().toString());
    assertThat(mirror.requests()).hasSize(1);
  }

  @Test
  void hostsThatMayNotBeAskedAreSaidToBeNone() throws Exception {
    rig.toml("server = \"%s\"\ncapabilities = [\"push\"]\n".formatted(origin.url()));
    assertThatThrownBy(() -> rig.session().document("1"))
        .isInstanceOf(PullException.NotFound.class)
        .hasMessageContaining("hosts.toml has no host");
  }

  @Test
  void contentOfAnotherDigestIsNotTakenFromAMirror() throws Exception {
    IMAGE.push(origin, "team/app", "1");
    String digest = IMAGE.manifestDigest().toString();
    mirror.next(
        "/manifests/" + digest, TestRegistry.content("", "other".getBytes(StandardCharsets.UTF_8)));
    assertThat(rig.session().document(digest).bytes()).isEqualTo(IMAGE.manifest());
  }

  @Test
  void contentOfAnotherDigestIsRefusedWhereNobodyHasTheRightOne() {
    String digest = IMAGE.manifestDigest().toString();
    byte[] other = "other".getBytes(StandardCharsets.UTF_8);
    origin.next("/manifests/" + digest, TestRegistry.content("", other));
    assertThatThrownBy(() -> rig.session().document(digest))
        .isInstanceOf(PullException.Invalid.class)
        .hasMessageContaining(origin.url() + ": sent content of digest " + Digest.of(other))
        .hasMessageContaining(mirror.url() + ": 404");
  }

  @Test
  void aDocumentWithoutEndIsRefused() {
    byte[] large = new byte[(4 << 20) + 1];
    origin.next("/manifests/1", TestRegistry.content("", large));
    assertThatThrownBy(() -> rig.session().document("1"))
        .isInstanceOf(PullException.TooLarge.class)
        .hasMessageContaining("4194304");
  }

  @Test
  void aSmallBlobIsVerifiedInSizeAndDigest() throws Exception {
    byte[] right = "config".getBytes(StandardCharsets.UTF_8);
    Blob blob = new Blob("x", Digest.of(right), right.length);
    String path = "/blobs/" + blob.digest();
    mirror.next(path, TestRegistry.content("", "Config".getBytes(StandardCharsets.UTF_8)));
    origin.next(path, TestRegistry.content("", right));
    assertThat(rig.session().small(blob)).isEqualTo(right);
    Blob longer = new Blob("x", Digest.of(right), right.length + 1);
    origin.next(path, TestRegistry.content("", right));
    assertThatThrownBy(() -> rig.session().small(longer))
        .isInstanceOf(PullException.Invalid.class)
        .hasMessageContaining("sent 6 bytes")
        .hasMessageContaining("says 7");
  }

  @Test
  void everyHostAndItsReasonIsInTheMessage() {
    mirror.close();
    origin.next(
        "/manifests/1",
        TestRegistry.status(
            404,
            "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"no such\\nrepository\"}]}"));
    assertThatThrownBy(() -> rig.session().document("1"))
        .isInstanceOf(PullException.NotFound.class)
        .hasMessage(
            "manifest 1: %s: connection refused; %s: 404: NAME_UNKNOWN: no such repository"
                .formatted(mirror.url(), origin.url()));
  }

  @Test
  void aMirrorsNotFoundMeansNothingWhileTheRegistryCantBeReached() {
    origin.close();
    assertThatThrownBy(() -> rig.session().document("1"))
        .isInstanceOf(PullException.RegistryUnavailable.class)
        .hasMessageStartingWith("RegistryUnavailable: manifest 1: ")
        .hasMessageContaining(mirror.url() + ": 404")
        .hasMessageContaining(origin.url() + ": connection refused");
  }

  @Test
  void aNameThatCantBeResolvedIsSaidSo() throws Exception {
    rig.toml("server = \"https://no-such-host.invalid\"\n");
    assertThatThrownBy(() -> rig.session().document("1"))
        .isInstanceOf(PullException.RegistryUnavailable.class)
        .hasMessage(
            "RegistryUnavailable: manifest 1: https://no-such-host.invalid: the host's name can't be resolved");
  }

  @Test
  void anOverloadedRegistryIsAskedAgainBoundedly() throws Exception {
    IMAGE.push(origin, "team/app", "1");
    origin.next("/manifests/1", TestRegistry.status(503, ""), TestRegistry.status(429, ""));
    assertThat(rig.session().document("1").digest()).isEqualTo(IMAGE.manifestDigest());
    assertThat(origin.requests()).hasSize(3);
    origin.forget();
    origin.gate(r -> TestRegistry.status(500, "", "Retry-After", "9999"));
    assertThatThrownBy(() -> rig.session().document("1"))
        .isInstanceOf(PullException.RegistryUnavailable.class)
        .hasMessageContaining(origin.url() + ": 500");
    assertThat(origin.requests()).hasSize(3);
  }

  @Test
  void aRefusalIsNotRepeated() {
    origin.gate(r -> TestRegistry.status(403, "{\"errors\":[{\"code\":\"DENIED\"}]}"));
    assertThatThrownBy(() -> rig.session().document("1"))
        .isInstanceOf(PullException.Denied.class)
        .hasMessageContaining("403: DENIED");
    assertThat(origin.requests()).hasSize(1);
  }

  @Test
  void aHostThatNeverAnswersIsGivenUp() throws Exception {
    try (RegistryRig hasty =
        new RegistryRig(directory, Duration.ofMillis(200), Duration.ofSeconds(20))
            .hosts(mirror, origin)) {
      IMAGE.push(origin, "team/app", "1");
      mirror.gate(r -> mirror.silence());
      assertThat(hasty.session().document("1").digest()).isEqualTo(IMAGE.manifestDigest());
      origin.gate(r -> origin.silence());
      assertThatThrownBy(() -> hasty.session().document("1"))
          .isInstanceOf(PullException.RegistryUnavailable.class)
          .hasMessageContaining("no answer within 0.2 s");
    }
  }

  @Test
  void aDocumentThatStallsIsGivenUp() throws Exception {
    try (RegistryRig hasty =
        new RegistryRig(directory, Duration.ofSeconds(20), Duration.ofMillis(200))
            .hosts(mirror, origin)) {
      origin.gate(r -> origin.stalled(IMAGE.manifest(), 5));
      assertThatThrownBy(() -> hasty.session().document("1"))
          .isInstanceOf(PullException.RegistryUnavailable.class)
          .hasMessageContaining("stalled: less than 204 bytes in 0.2 s");
    }
  }
}
