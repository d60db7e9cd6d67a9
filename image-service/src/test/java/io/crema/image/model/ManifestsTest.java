package io.crema.image.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.image.rig.TestImage;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestsTest {
  private static final String D = "sha256:" + "ab".repeat(32);
  private static final Platform AMD64 = new Platform("linux", "amd64", "");

  @ParameterizedTest
  @CsvSource({
    "application/vnd.oci.image.layer.v1.tar, NONE",
    "application/vnd.oci.image.layer.v1.tar+gzip, GZIP",
    "application/vnd.oci.image.layer.v1.tar+zstd, ZSTD",
    "application/vnd.oci.image.layer.nondistributable.v1.tar, NONE",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip, GZIP",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd, ZSTD",
    "application/vnd.docker.image.rootfs.diff.tar, NONE",
    "application/vnd.docker.image.rootfs.diff.tar.gzip, GZIP",
    "application/vnd.docker.image.rootfs.diff.tar.zstd, ZSTD",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip, GZIP"
  })
  void layersOfBothFormatsAreKnown(String type, Compression compression) throws Exception {
    assertThat(single(manifest(TestImage.CONFIG, type)).layers().getFirst().compression())
        .isEqualTo(compression);
  }

  @ParameterizedTest
  @CsvSource({
    "application/vnd.oci.image.layer.v1.tar+gzip+encrypted, encrypted",
    "application/vnd.oci.image.layer.v1.tar+bzip2, is not a tar",
    "application/vnd.wasm.content.layer.v1+wasm, is not a tar",
    "'', is not a tar"
  })
  void otherLayersAreRefusedByType(String type, String why) {
    assertThatThrownBy(() -> single(manifest(TestImage.CONFIG, type)))
        .isInstanceOf(PullException.Invalid.class)
        .hasMessageContaining("\"" + type + "\"")
        .hasMessageContaining(why);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/vnd.docker.container.image.v1+json",
        "application/octet-stream",
        TestImage.CONFIG
      })
  void dockersConfigurationsAreTaken(String type) throws Exception {
    assertThat(single(manifest(type, TestImage.GZIP)).config().digest()).isEqualTo(Digest.parse(D));
  }

  @Test
  void anArtifactIsNoImage() {
    assertThatThrownBy(
            () -> single(manifest("application/vnd.cncf.helm.config.v1+json", TestImage.GZIP)))
        .isInstanceOf(PullException.Invalid.class)
        .hasMessageContaining("not a container image")
        .hasMessageContaining("helm");
  }

  @Test
  void schema1IsRefusedWithAdvice() {
    for (String text :
        new String[] {
          "{\"schemaVersion\":1,\"fsLayers\":[]}",
          "{\"mediaType\":\"application/vnd.docker.distribution.manifest.v1+prettyjws\"}"
        }) {
      assertThatThrownBy(() -> Manifests.parse("", bytes(text)))
          .hasMessageContaining("schema 1")
          .hasMessageContaining("push it again");
    }
  }

  @Test
  void aDocumentOfTwoMindsIsATrick() {
    String text =
        "{\"mediaType\":\"%s\",\"manifests\":[],\"layers\":[],\"config\":{}}"
            .formatted(Manifests.OCI_INDEX);
    assertThatThrownBy(() -> Manifests.parse(Manifests.OCI_MANIFEST, bytes(text)))
        .hasMessageContaining("both \"manifests\" and \"layers\"");
  }

  @Test
  void aDocumentWithoutTypeIsKnownByItsContentOrTheAnswersType() throws Exception {
    String image =
        "{\"config\":{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":2}}"
            .formatted(TestImage.CONFIG, D);
    assertThat(Manifests.parse("text/plain", bytes(image))).isInstanceOf(Manifests.Single.class);
    assertThat(
            Manifests.parse(Manifests.DOCKER_LIST + "; charset=utf-8", bytes("{\"manifests\":[]}")))
        .isInstanceOf(Manifests.Index.class);
    assertThatThrownBy(() -> Manifests.parse("text/html", bytes("{}")))
        .hasMessageContaining("\"text/html\" is neither");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "1.5", "\"1\"", "99999999999999999999", "null"})
  void aSizeIsAWholeNumber(String size) {
    String text =
        "{\"config\":{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%s}}"
            .formatted(TestImage.CONFIG, D, size);
    assertThatThrownBy(() -> Manifests.parse(Manifests.OCI_MANIFEST, bytes(text)))
        .isInstanceOf(PullException.Invalid.class)
        .hasMessageContaining("config: size");
  }

  @Test
  void theImageForThePlatformIsChosen() throws Exception {
    Manifests.Index index =
        index(
            entry("arm64", "v8", 1),
            entry("amd64", "v3", 2),
            entry("amd64", "", 3),
            entry("amd64", "", 4),
            entry("amd64", "v2", 5));
    assertThat(Manifests.choose(index, AMD64).size()).isEqualTo(3);
    assertThat(Manifests.choose(index, new Platform("linux", "amd64", "v2")).size()).isEqualTo(5);
    assertThat(Manifests.choose(index, new Platform("linux", "amd64", "v4")).size()).isEqualTo(2);
    assertThat(Manifests.choose(index, new Platform("linux", "arm64", "v8")).size()).isEqualTo(1);
    assertThatThrownBy(() -> Manifests.choose(index, new Platform("linux", "riscv64", "")))
        .isInstanceOf(PullException.NotFound.class)
        .hasMessageContaining("linux/riscv64")
        .hasMessageContaining("linux/arm64/v8, linux/amd64/v3");
  }

  @Test
  void attestationsAreNoImages() throws Exception {
    Manifests.Index index =
        index(
            "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":1,\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\"},\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}}"
                .formatted(Manifests.OCI_MANIFEST, D),
            "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":2,\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}}"
                .formatted(Manifests.OCI_MANIFEST, D),
            "{\"mediaType\":\"application/vnd.example.sbom\",\"digest\":\"%s\",\"size\":3,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}}"
                .formatted(D),
            entry("amd64", "", 4));
    assertThat(Manifests.choose(index, AMD64).size()).isEqualTo(4);
  }

  @Test
  void anIndexOfOneImageNeedsNoPlatform() throws Exception {
    Manifests.Index index =
        index(
            "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":9}"
                .formatted(Manifests.OCI_MANIFEST, D));
    assertThat(Manifests.choose(index, Platform.host()).size()).isEqualTo(9);
  }

  @Test
  void aConfigurationIsReadInDockersLooserForms() throws Exception {
    ImageConfig c =
        Manifests.config(
            bytes(
                """
                {"os":"linux","architecture":"arm64","variant":"v8","created":null,
                 "config":{"Env":null,"Entrypoint":"/single","Cmd":["a","b"],"User":"1000:50",
                  "ExposedPorts":{"80/tcp":{}},"Volumes":null,"Labels":{"x":"y","z":null},
                  "StopSignal":"SIGINT"},
                 "rootfs":{"diff_ids":["%s"]}}"""
                    .formatted(D)));
    assertThat(c.env()).isEmpty();
    assertThat(c.entrypoint()).containsExactly("/single");
    assertThat(c.cmd()).containsExactly("a", "b");
    assertThat(c.exposedPorts()).containsExactly("80/tcp");
    assertThat(c.labels()).containsEntry("x", "y").containsEntry("z", "");
    assertThat(c.stopSignal()).isEqualTo("SIGINT");
    assertThat(c.platform()).hasToString("linux/arm64/v8");
    assertThat(c.diffIds()).containsExactly(Digest.parse(D));
  }

  @Test
  void garbageIsRefusedAndNothingElse() throws Exception {
    Random random = new Random(11);
    byte[] good = TestImage.of("x").manifest();
    byte[] config = TestImage.of("x").config();
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = (i % 2 == 0 ? good : config).clone();
      for (int n = random.nextInt(4) + 1; n > 0; n--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try {
        Manifests.parse("", bytes);
        Manifests.config(bytes);
      } catch (PullException.Invalid e) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(5_000);
    assertThatThrownBy(() -> Manifests.parse("", bytes("[".repeat(100_000))))
        .isInstanceOf(PullException.Invalid.class);
  }

  private static Manifest single(String text) throws PullException {
    return ((Manifests.Single) Manifests.parse(Manifests.OCI_MANIFEST, bytes(text))).manifest();
  }

  private static String manifest(String config, String layer) {
    return "{\"config\":{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":2},\"layers\":[{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":3}]}"
        .formatted(config, D, layer, D);
  }

  private static Manifests.Index index(String... entries) throws PullException {
    return (Manifests.Index) Manifests.parse("", TestImage.index(entries));
  }

  private static String entry(String architecture, String variant, int size) {
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d,\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\",\"variant\":\"%s\"}}"
        .formatted(Manifests.OCI_MANIFEST, D, size, architecture, variant);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
