package io.crema.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.image.rig.Tar;
import io.crema.image.rig.TestImage;
import io.crema.image.rig.TestRegistry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the kubelet and crictl see of images. */
@Timeout(60)
class ImagesTest {
  private static final byte[] SHARED = new Tar().file("shared", "shared").end();

  @TempDir Path directory;
  private TestRegistry registry;
  private ServiceRig rig;

  @BeforeEach
  void open() throws Exception {
    registry = TestRegistry.start();
    rig =
        new ServiceRig(directory, c -> c.withPinned(List.of("a.example/kept", "busybox:1.36")))
            .host("a.example", registry)
            .host("b.example", registry);
  }

  @AfterEach
  void close() {
    rig.close();
    registry.close();
  }

  @Test
  void anImageIsFoundByEachOfItsNames() throws Exception {
    TestImage image = TestImage.of("x").push(registry, "x", "1");
    rig.pull("a.example/x:1");
    String digest = image.manifestDigest().toString();
    for (String name :
        List.of(
            "a.example/x:1",
            "a.example/x@" + digest,
            "a.example/x:ignored@" + digest,
            image.id(),
            image.id().substring("sha256:".length()),
            image.id().substring("sha256:".length(), "sha256:".length() + 13),
            image.id().substring(0, "sha256:".length() + 6))) {
      assertThat(rig.service().find(name)).as(name).map(Image::id).contains(image.id());
    }
    for (String name :
        List.of(
            "a.example/x",
            "x:1",
            "b.example/x:1",
            "",
            "NOT A NAME",
            digest,
            "sha256:" + "0".repeat(64),
            image.id().substring("sha256:".length(), "sha256:".length() + 3))) {
      assertThat(rig.service().find(name)).as(name).isEmpty();
    }
  }

  @Test
  void aNameWinsOverTheBeginningOfAnId() throws Exception {
    TestImage image = TestImage.of("x").push(registry, "x", "1");
    rig.pull("a.example/x:1");
    String beginning = image.id().substring("sha256:".length(), "sha256:".length() + 8);
    TestImage named = TestImage.of("y").push(registry, "library/" + beginning, "latest");
    rig.host("docker.io", registry);
    rig.pull(beginning);
    assertThat(rig.service().find(beginning)).map(Image::id).contains(named.id());
  }

  @Test
  void oneImageFromTwoRegistriesHasOneIdAndAllNames() throws Exception {
    TestImage image = TestImage.of("x").push(registry, "x", "1").push(registry, "x", "2");
    rig.pull("a.example/x:1");
    rig.pull("b.example/x:2");
    rig.pull("b.example/x@" + image.manifestDigest());
    assertThat(rig.service().list()).hasSize(1);
    Image one = rig.service().list().getFirst();
    assertThat(one.id()).isEqualTo(image.id());
    assertThat(one.repoTags()).containsExactly("a.example/x:1", "b.example/x:2");
    assertThat(one.repoDigests())
        .containsExactly(
            "a.example/x@" + image.manifestDigest(), "b.example/x@" + image.manifestDigest());
  }

  @Test
  void anImageByDigestHasNoTag() throws Exception {
    TestImage image = TestImage.of("x").push(registry, "x", "1");
    Image pulled = rig.pull("a.example/x:1@" + image.manifestDigest()).image();
    assertThat(pulled.repoTags()).isEmpty();
    assertThat(pulled.repoDigests()).containsExactly("a.example/x@" + image.manifestDigest());
  }

  @Test
  void theSameImagePackedOtherwiseIsNotDownloadedAgain() throws Exception {
    byte[] tar = new Tar().file("x", "x").end();
    TestImage gzip = new TestImage().gzip(tar).push(registry, "x", "gzip");
    TestImage zstd = new TestImage().zstd(tar).push(registry, "x", "zstd");
    assertThat(zstd.id()).isEqualTo(gzip.id());
    rig.pull("a.example/x:gzip");
    rig.pull("a.example/x:zstd");
    assertThat(registry.requests("/blobs/" + zstd.layer(0))).isEmpty();
    assertThat(rig.service().list().getFirst().repoDigests()).hasSize(2);
    assertThat(rig.blobs()).doesNotContain(zstd.layer(0).hex());
  }

  @Test
  void aTagMovesToTheImagePulledLast() throws Exception {
    TestImage old = TestImage.of("old").push(registry, "x", "1");
    rig.pull("a.example/x:1");
    TestImage fresh = TestImage.of("fresh").push(registry, "x", "1");
    rig.pull("a.example/x:1");
    assertThat(rig.service().find("a.example/x:1")).map(Image::id).contains(fresh.id());
    Image left = rig.service().find(old.id()).orElseThrow();
    assertThat(left.repoTags()).isEmpty();
    assertThat(left.repoDigests()).containsExactly("a.example/x@" + old.manifestDigest());
  }

  @Test
  void removingOneTagRemovesTheImageWithAllItsNames() throws Exception {
    TestImage image = TestImage.of("x").push(registry, "x", "1").push(registry, "x", "2");
    rig.pull("a.example/x:1");
    rig.pull("b.example/x:2");
    assertThat(rig.service().remove("a.example/x:1")).isTrue();
    assertThat(rig.service().list()).isEmpty();
    assertThat(rig.service().find("b.example/x:2")).isEmpty();
    assertThat(rig.service().find(image.id())).isEmpty();
    assertThat(rig.blobs()).isEmpty();
    assertThat(rig.layers()).isEmpty();
    assertThat(rig.service().remove("a.example/x:1")).isFalse();
  }

  @Test
  void whatAnotherImageSharesStays() throws Exception {
    TestImage one =
        new TestImage()
            .gzip(SHARED)
            .gzip(new Tar().file("one", "1").end())
            .push(registry, "x", "one");
    TestImage two =
        new TestImage()
            .gzip(SHARED)
            .gzip(new Tar().file("two", "2").end())
            .push(registry, "x", "two");
    rig.pull("a.example/x:one");
    rig.pull("a.example/x:two");
    rig.service().remove("a.example/x:one");
    assertThat(rig.layers()).containsExactlyInAnyOrder(two.diffId(0).hex(), two.diffId(1).hex());
    assertThat(rig.blobs()).contains(two.layer(0).hex()).doesNotContain(one.layer(1).hex());
    try (ImageLease lease = rig.service().lease("a.example/x:two")) {
      assertThat(lease.lowerDirectories().get(1).resolve("shared")).hasContent("shared");
    }
  }

  @Test
  void aLeaseHoldsWhatIsRemoved() throws Exception {
    TestImage image = TestImage.of("x").push(registry, "x", "1");
    rig.pull("a.example/x:1");
    ImageLease lease = rig.service().lease("a.example/x:1");
    ImageLease second = rig.service().lease(image.id());
    assertThat(rig.service().remove("a.example/x:1")).isTrue();
    assertThat(rig.service().list()).isEmpty();
    assertThat(lease.lowerDirectories().getFirst().resolve("content")).hasContent("x");
    assertThat(lease.image().id()).isEqualTo(image.id());
    lease.close();
    lease.close();
    assertThat(second.lowerDirectories().getFirst().resolve("content")).hasContent("x");
    second.close();
    assertThat(rig.layers()).isEmpty();
    assertThat(rig.blobs()).isEmpty();
    assertThatThrownBy(() -> rig.service().lease("a.example/x:1"))
        .isInstanceOf(NoSuchElementException.class)
        .hasMessage("image a.example/x:1");
  }

  @Test
  void aContainerHoldsItsImagesLayersAlsoOverARestart() throws Exception {
    TestImage image = TestImage.of("x").push(registry, "x", "1");
    rig.pull("a.example/x:1");
    WritableLayer layer = rig.service().createWritableLayer("c1", "a.example/x:1");
    assertThat(rig.service().createWritableLayer("c1", image.id())).isEqualTo(layer);
    rig.service().remove("a.example/x:1");
    rig.restart();
    assertThat(rig.service().writableLayers()).containsExactly("c1");
    assertThat(rig.service().writableLayer("c1")).contains(layer);
    assertThat(layer.lower().getFirst().resolve("content")).hasContent("x");
    assertThat(layer.upper()).isEmptyDirectory();
    assertThat(layer.work()).isEmptyDirectory();
    rig.service().removeWritableLayer("c1");
    assertThat(rig.layers()).isEmpty();
    rig.service().removeWritableLayer("c1");
  }

  @Test
  void pulledAgainWhileAContainerHoldsItALayerIsTakenAsItIs() throws Exception {
    TestImage.of("x").push(registry, "x", "1");
    rig.pull("a.example/x:1");
    rig.service().createWritableLayer("c1", "a.example/x:1");
    rig.service().remove("a.example/x:1");
    rig.pull("a.example/x:1");
    rig.service().removeWritableLayer("c1");
    try (ImageLease lease = rig.service().lease("a.example/x:1")) {
      assertThat(lease.lowerDirectories().getFirst().resolve("content")).hasContent("x");
    }
  }

  @Test
  void removalsAtOnceAreFine() throws Exception {
    for (int round = 0; round < 5; round++) {
      for (int i = 0; i < 4; i++) {
        new TestImage()
            .gzip(SHARED)
            .gzip(new Tar().file("own", "own " + i).end())
            .push(registry, "x", "v" + i);
        rig.pull("a.example/x:v" + i);
        rig.pull("b.example/x:v" + i);
      }
      List<Callable<Boolean>> removals = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        String a = "a.example/x:v" + i;
        String b = "b.example/x:v" + i;
        Collections.addAll(removals, () -> rig.service().remove(a), () -> rig.service().remove(b));
      }
      int removed = 0;
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (Future<Boolean> removal : threads.invokeAll(removals)) {
          removed += removal.get() ? 1 : 0;
        }
      }
      assertThat(removed).isEqualTo(4);
      assertThat(rig.blobs()).isEmpty();
      assertThat(rig.layers()).isEmpty();
    }
  }

  @Test
  void pullsAndRemovalsAtOnceLeaveTheStoreWhole() throws Exception {
    for (int i = 0; i < 3; i++) {
      new TestImage()
          .gzip(SHARED)
          .gzip(new Tar().file("own", "own " + i).end())
          .push(registry, "x", "v" + i);
    }
    List<Callable<Void>> all = new ArrayList<>();
    for (int n = 0; n < 30; n++) {
      String reference = "a.example/x:v" + n % 3;
      all.add(
          () -> {
            rig.pull(reference);
            try (ImageLease lease = rig.service().lease(reference)) {
              assertThat(lease.lowerDirectories().getLast().resolve("shared")).hasContent("shared");
            } catch (NoSuchElementException e) {
              assertThat(e).hasMessage("image " + reference); // another has removed it
            }
            return null;
          });
      all.add(
          () -> {
            rig.service().remove(reference);
            return null;
          });
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Void> one : threads.invokeAll(all)) {
        one.get();
      }
    }
    for (int i = 0; i < 3; i++) {
      rig.service().remove("a.example/x:v" + i);
    }
    assertThat(rig.blobs()).isEmpty();
    assertThat(rig.layers()).isEmpty();
    assertThat(rig.names("ingest")).isEmpty();
  }

  @Test
  void pinnedImagesAreMarkedByTheirNormalisedNames() throws Exception {
    rig.host("docker.io", registry);
    TestImage.of("k").push(registry, "kept", "latest");
    TestImage.of("b").push(registry, "library/busybox", "1.36").push(registry, "x", "1");
    assertThat(rig.pull("a.example/kept").image().pinned()).isTrue();
    assertThat(rig.pull("a.example/x:1").image().pinned()).isFalse();
    assertThat(rig.pull("busybox:1.36").image().pinned()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "'', 0, ''",
    "0, 0, ''",
    "root, , root",
    "1000, 1000, ''",
    "1000:50, 1000, ''",
    "4294967294, 4294967294, ''",
    "nobody:nogroup, , nobody",
    ":50, 0, ''",
    "99999999999, , 99999999999"
  })
  void anImageHasAUidOrAUserNameAndNeverBoth(String user, Long uid, String name) throws Exception {
    TestImage.of("x").config("\"User\":\"" + user + "\"").push(registry, "x", "1");
    Image image = rig.pull("a.example/x:1").image();
    assertThat(image.uid()).isEqualTo(uid == null ? OptionalLong.empty() : OptionalLong.of(uid));
    assertThat(image.username()).isEqualTo(name);
  }

  @Test
  void diskUseCountsEachLayerOnce() throws Exception {
    assertThat(rig.service().usage().usedBytes()).isZero();
    assertThat(rig.service().usage().directory()).isDirectory();
    new TestImage().gzip(SHARED).push(registry, "x", "1");
    rig.pull("a.example/x:1");
    FsUsage one = rig.service().usage();
    assertThat(one.usedBytes()).isBetween(4096L, 8192L);
    assertThat(one.inodes()).isEqualTo(2);
    new TestImage().gzip(SHARED).config("\"User\":\"5\"").push(registry, "x", "2");
    rig.pull("a.example/x:2");
    assertThat(rig.service().list()).hasSize(2);
    assertThat(rig.service().usage().usedBytes()).isEqualTo(one.usedBytes());
    rig.service().remove("a.example/x:1");
    rig.service().remove("a.example/x:2");
    assertThat(rig.service().usage().usedBytes()).isZero();
  }

  @Test
  void aContainersDiskUseIsWhatItsLayerHolds() throws Exception {
    TestImage.of("x").push(registry, "x", "1");
    rig.pull("a.example/x:1");
    WritableLayer layer = rig.service().createWritableLayer("c1", "a.example/x:1");
    FsUsage empty = rig.service().writableLayerUsage("c1");
    Path deep = java.nio.file.Files.createDirectories(layer.upper().resolve("a/b"));
    Path file = java.nio.file.Files.write(deep.resolve("file"), new byte[100_000]);
    java.nio.file.Files.createLink(deep.resolve("again"), file);
    java.nio.file.Files.createSymbolicLink(layer.upper().resolve("out"), Path.of("/"));
    FsUsage used = rig.service().writableLayerUsage("c1");
    assertThat(used.inodes() - empty.inodes()).isEqualTo(4);
    assertThat(used.usedBytes() - empty.usedBytes()).isBetween(100_000L, 130_000L);
    assertThat(rig.service().writableLayerUsage("no-such").inodes()).isZero();
  }
}
