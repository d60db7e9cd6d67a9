package io.crema.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.image.model.Blob;
import io.crema.image.model.Digest;
import io.crema.image.model.Manifests;
import io.crema.image.model.Platform;
import io.crema.image.model.PullException;
import io.crema.image.rig.Packed;
import io.crema.image.rig.Tar;
import io.crema.image.rig.TestImage;
import io.crema.image.rig.TestRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class PullTest {
  @TempDir Path directory;
  private TestRegistry registry;
  private ServiceRig rig;

  @BeforeEach
  void open() throws Exception {
    registry = TestRegistry.start();
    rig = new ServiceRig(directory).host("a.example", registry);
  }

  @AfterEach
  void close() {
    rig.close();
    registry.close();
  }

  @Test
  void gzipZstdAndPlainLayersAreUnpacked() throws Exception {
    TestImage image =
        new TestImage()
            .gzip(new Tar().directory("d").file("d/one", "1").end())
            .zstd(new Tar().file("two", "2").end())
            .plain(new Tar().file("three", "3").end())
            .config("\"User\":\"1000\",\"Env\":[\"A=b\"]")
            .push(registry, "x", "1");
    List<ProgressListener.Event> events = java.util.Collections.synchronizedList(new ArrayList<>());
    PulledImage pulled = rig.service().pull(new PullRequest("a.example/x:1"), events::add);
    assertThat(pulled.image().id()).isEqualTo(image.id());
    assertThat(pulled.reference()).isEqualTo("a.example/x:1");
    assertThat(pulled.image().repoTags()).containsExactly("a.example/x:1");
    assertThat(pulled.image().repoDigests())
        .containsExactly("a.example/x@" + image.manifestDigest());
    assertThat(pulled.image().size())
        .isEqualTo(
            image.layers().stream().mapToLong(Blob::size).sum()
                + image.config().length
                + image.manifest().length);
    assertThat(pulled.downloadedBytes()).isEqualTo(pulled.image().size());
    try (ImageLease lease = rig.service().lease("a.example/x:1")) {
      List<Path> lower = lease.lowerDirectories();
      assertThat(lower).hasSize(3);
      assertThat(lower.get(0).resolve("three")).hasContent("3");
      assertThat(lower.get(1).resolve("two")).hasContent("2");
      assertThat(lower.get(2).resolve("d/one")).hasContent("1");
      assertThat(lease.config().env()).containsExactly("A=b");
    }
    assertThat(events.getFirst())
        .isEqualTo(
            new ProgressListener.Resolved(
                image.id(), 3, image.layers().stream().mapToLong(Blob::size).sum()));
    assertThat(
            events.stream()
                .filter(
                    e ->
                        e instanceof ProgressListener.LayerProgress p
                            && p.phase() == ProgressListener.Phase.DONE))
        .hasSize(3);
  }

  @Test
  void theImageForThisPlatformIsTakenFromAnIndex() throws Exception {
    TestImage ours = TestImage.of("ours").push(registry, "x", "ours");
    TestImage theirs =
        TestImage.of("theirs")
            .platform(new Platform("linux", "s390x", ""))
            .push(registry, "x", "t");
    Platform host = Platform.host();
    byte[] index =
        TestImage.index(
            theirs.entry("{\"os\":\"linux\",\"architecture\":\"s390x\"}"),
            theirs.entry("{\"os\":\"unknown\",\"architecture\":\"unknown\"}"),
            ours.entry(
                "{\"os\":\"linux\",\"architecture\":\"%s\",\"variant\":\"%s\"}"
                    .formatted(host.architecture(), host.variant())));
    registry.manifest("x", "multi", Manifests.OCI_INDEX, index);
    Image image = rig.pull("a.example/x:multi").image();
    assertThat(image.id()).isEqualTo(ours.id());
    assertThat(image.repoDigests()).containsExactly("a.example/x@" + Digest.of(index));
    assertThat(rig.blobs()).contains(Digest.of(index).hex(), ours.manifestDigest().hex());
  }

  @Test
  void anIndexWithoutThisPlatformSaysWhatItOffers() throws Exception {
    TestImage theirs = TestImage.of("theirs").push(registry, "x", "t");
    registry.manifest(
        "x",
        "other",
        Manifests.OCI_INDEX,
        TestImage.index(
            theirs.entry("{\"os\":\"windows\",\"architecture\":\"amd64\"}"),
            theirs.entry("{\"os\":\"linux\",\"architecture\":\"s390x\"}")));
    assertThatThrownBy(() -> rig.pull("a.example/x:other"))
        .isInstanceOf(PullException.NotFound.class)
        .hasMessageContaining("pull a.example/x:other: no image for platform linux/")
        .hasMessageContaining("[windows/amd64, linux/s390x]");
  }

  @Test
  void indexesInACircleEnd() throws Exception {
    registry.gate(
        r ->
            r.path().contains("/manifests/")
                ? TestRegistry.content(
                    Manifests.OCI_INDEX,
                    TestImage.index(
                        "{\"mediaType\":\"%s\",\"digest\":\"sha256:%s\",\"size\":1}"
                            .formatted(Manifests.OCI_INDEX, "a".repeat(64))))
                : null);
    assertThatThrownBy(() -> rig.pull("a.example/x:1")).isInstanceOf(PullException.Invalid.class);
    assertThat(registry.requests().size()).isLessThan(10);
  }

  @Test
  void whatIsHereIsNotDownloadedAgain() throws Exception {
    TestImage image = TestImage.of("x").push(registry, "x", "1").push(registry, "x", "2");
    rig.pull("a.example/x:1");
    registry.forget();
    PulledImage again = rig.pull("a.example/x:2");
    assertThat(registry.requests("/blobs/" + image.layer(0))).isEmpty();
    assertThat(again.downloadedBytes()).isEqualTo(image.manifest().length);
    assertThat(again.image().repoTags()).containsExactly("a.example/x:1", "a.example/x:2");
  }

  @Test
  void oneLayerIsDownloadedOnceForAllPullsThatWantIt() throws Exception {
    byte[] shared = new Tar().file("shared", Packed.random(300_000, 4)).end();
    List<TestImage> images = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      images.add(
          new TestImage()
              .gzip(shared)
              .gzip(new Tar().file("own", "own " + i).end())
              .push(registry, "x", "v" + i));
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<PulledImage>> pulls = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        String reference = "a.example/x:v" + i;
        pulls.add(() -> rig.pull(reference));
        pulls.add(() -> rig.pull(reference));
      }
      for (Future<PulledImage> pull : threads.invokeAll(pulls)) {
        assertThat(pull.get().image().id()).startsWith("sha256:");
      }
    }
    assertThat(registry.requests("/blobs/" + images.getFirst().layer(0))).hasSize(1);
    assertThat(rig.layers()).hasSize(7);
  }

  /** The empty layer that docker wrote for each line that changed nothing; overlayfs refuses it. */
  @Test
  void aLayerThatAnImageHasTwiceIsStackedOnce() throws Exception {
    byte[] empty = new Tar().end();
    new TestImage()
        .gzip(empty)
        .gzip(new Tar().file("x", "1").end())
        .gzip(empty)
        .gzip(empty)
        .push(registry, "x", "1");
    rig.pull("a.example/x:1");
    try (ImageLease lease = rig.service().lease("a.example/x:1")) {
      assertThat(lease.lowerDirectories()).hasSize(2).doesNotHaveDuplicates();
      assertThat(lease.lowerDirectories().get(1).resolve("x")).exists();
    }
  }

  @Test
  void aLayerOfAnotherDigestIsRefusedAndLeavesNothing() throws Exception {
    TestImage image = TestImage.of("x").push(registry, "x", "1");
    byte[] other = Packed.gzip(new Tar().file("content", "y").end());
    registry.blob(image.layer(0), other);
    refused("a.example/x:1", PullException.Invalid.class, image.layer(0).toString());
  }

  @Test
  void aLayerThatIsTooLongOrTooShortIsRefusedAndLeavesNothing() throws Exception {
    byte[] tar = new Tar().file("content", Packed.random(400_000, 2)).end();
    byte[] packed = Packed.gzip(tar);
    for (int wrong : new int[] {packed.length - 1, packed.length / 2}) {
      new TestImage()
          .layer(new Blob(TestImage.GZIP, Digest.of(packed), wrong), packed, Digest.of(tar))
          .push(registry, "x", "long");
      refused("a.example/x:long", PullException.Invalid.class, "longer than the " + wrong);
    }
    new TestImage()
        .layer(
            new Blob(TestImage.GZIP, Digest.of(packed), packed.length + 1), packed, Digest.of(tar))
        .push(registry, "x", "short");
    refused(
        "a.example/x:short",
        PullException.RegistryUnavailable.class,
        "ended after %d of %d bytes".formatted(packed.length, packed.length + 1));
  }

  @Test
  void aLayerThatUnpacksToSomethingElseThanPromisedIsRefused() throws Exception {
    byte[] tar = new Tar().file("content", "x").end();
    new TestImage()
        .layer(
            TestImage.GZIP, Packed.gzip(tar), Digest.of("other".getBytes(StandardCharsets.UTF_8)))
        .push(registry, "x", "1");
    refused("a.example/x:1", PullException.Invalid.class, "unpacks to " + Digest.of(tar));
  }

  /** An unpacker that has given up must not leave the download waiting for room in the pipe. */
  @Test
  void aLargeLayerThatIsNoArchiveIsRefused() throws Exception {
    byte[] noise = Packed.random(12 << 20, 5);
    for (byte[] content : List.of(noise, Packed.gzip(noise), Packed.zstd(noise))) {
      String type =
          content == noise ? TestImage.GZIP : content[0] == 0x1f ? TestImage.GZIP : TestImage.ZSTD;
      new TestImage().layer(type, content, Digest.of(noise)).push(registry, "x", "1");
      refused("a.example/x:1", PullException.Invalid.class, "");
    }
  }

  @Test
  void aMirrorsWrongLayerIsFetchedFromTheRegistryItself() throws Exception {
    try (TestRegistry mirror = TestRegistry.start()) {
      rig.host("b.example", mirror, registry);
      byte[] tar = new Tar().file("content", Packed.random(900_000, 2)).end();
      TestImage image = new TestImage().gzip(tar).push(registry, "x", "1");
      for (byte[] wrong :
          List.of(
              Packed.random((int) image.layers().getFirst().size(), 3),
              Packed.random((int) image.layers().getFirst().size() + 100_000, 3))) {
        mirror.blob(image.layer(0), wrong);
        rig.pull("b.example/x:1");
        try (ImageLease lease = rig.service().lease("b.example/x:1")) {
          assertThat(lease.lowerDirectories().getFirst().resolve("content")).hasSize(900_000);
        }
        rig.service().remove("b.example/x:1");
      }
      assertThat(mirror.requests("/blobs/" + image.layer(0))).hasSize(2);
    }
  }

  @Test
  void oneFailingLayerEndsThePullAtOnce() throws Exception {
    byte[] slow = new Tar().file("slow", Packed.random(50_000, 9)).end();
    TestImage image =
        new TestImage()
            .gzip(slow)
            .gzip(new Tar().file("broken", "x").end())
            .push(registry, "x", "1");
    registry.next("/blobs/" + image.layer(0), registry.stalled(registry.blob(image.layer(0)), 100));
    registry.next("/blobs/" + image.layer(1), TestRegistry.status(403, ""));
    refused("a.example/x:1", PullException.Denied.class, "403");
  }

  @Test
  void aCancelledPullLeavesNothing() throws Exception {
    TestImage image =
        new TestImage()
            .gzip(new Tar().file("whole", "x").end())
            .gzip(new Tar().file("half", Packed.random(500_000, 6)).end())
            .push(registry, "x", "1");
    CountDownLatch asked = new CountDownLatch(1);
    registry.gate(
        r -> {
          if (!r.path().endsWith(image.layer(1).toString())) {
            return null;
          }
          asked.countDown();
          return registry.stalled(registry.blob(image.layer(1)), 200_000);
        });
    AtomicReference<Throwable> end = new AtomicReference<>();
    Thread pulling =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    rig.pull("a.example/x:1");
                  } catch (Exception e) {
                    end.set(e);
                  }
                });
    asked.await();
    pulling.interrupt();
    pulling.join();
    assertThat(end.get()).isInstanceOf(InterruptedException.class);
    nothingIsLeft();
  }

  @Test
  void aPullThatIsCancelledDoesNotTakeAnotherAlong() throws Exception {
    TestImage image =
        new TestImage()
            .gzip(new Tar().file("large", Packed.random(500_000, 6)).end())
            .push(registry, "x", "1");
    CountDownLatch asked = new CountDownLatch(1);
    registry.next(
        "/blobs/" + image.layer(0),
        exchange -> {
          asked.countDown();
          registry.stalled(registry.blob(image.layer(0)), 1000).to(exchange);
        });
    Thread first = Thread.ofVirtual().start(() -> pullQuietly("a.example/x:1"));
    asked.await();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<PulledImage> second = threads.submit(() -> rig.pull("a.example/x:1"));
      first.interrupt();
      assertThat(second.get().image().id()).isEqualTo(image.id());
    }
    first.join();
    assertThat(registry.requests("/blobs/" + image.layer(0))).hasSize(2);
  }

  private void pullQuietly(String reference) {
    try {
      rig.pull(reference);
    } catch (Exception e) {
      return; // what becomes of this one is not the test's subject
    }
  }

  @Test
  void tooManyLayersAreRefusedBeforeAnythingIsFetched() throws Exception {
    TestImage image = new TestImage();
    for (int i = 0; i < 500; i++) {
      image.plain(new Tar().file("f", "f" + i).end());
    }
    image.push(registry, "x", "1");
    refused("a.example/x:1", PullException.TooLarge.class, "500 layers, where 499 are allowed");
    assertThat(registry.requests()).hasSize(1);
  }

  @Test
  void aManifestAndConfigurationThatDisagreeAreRefused() throws Exception {
    TestImage two = TestImage.of("x").plain(new Tar().file("y", "y").end());
    TestImage one = TestImage.of("x").push(registry, "x", "1");
    String manifest =
        new String(two.manifest(), StandardCharsets.UTF_8)
            .replace(Digest.of(two.config()).toString(), Digest.of(one.config()).toString())
            .replace("\"size\":" + two.config().length, "\"size\":" + one.config().length);
    registry.manifest("x", "1", Manifests.OCI_MANIFEST, manifest.getBytes(StandardCharsets.UTF_8));
    refused("a.example/x:1", PullException.Invalid.class, "2 layers, the configuration 1");
  }

  @Test
  void whatIsNoReferenceIsInvalid() {
    assertThatThrownBy(() -> rig.pull("UPPER"))
        .isInstanceOf(PullException.Invalid.class)
        .hasMessageStartingWith("image reference \"UPPER\": ");
  }

  @Test
  void theKubeletSeesThatTheRegistryIsUnavailable() {
    registry.close();
    assertThatThrownBy(() -> rig.pull("a.example/x:1"))
        .isInstanceOf(PullException.RegistryUnavailable.class)
        .hasMessage(
            "RegistryUnavailable: pull a.example/x:1: manifest 1: %s: connection refused"
                .formatted(registry.url()));
  }

  @Test
  void aDiskThatFailsIsNotTakenForTheRegistrysFault() throws Exception {
    TestImage.of("x").push(registry, "x", "1");
    Files.delete(rig.root().resolve("ingest"));
    assertThatThrownBy(() -> rig.pull("a.example/x:1"))
        .isInstanceOf(PullException.Storage.class)
        .hasMessageContaining("ingest");
  }

  private void refused(String reference, Class<? extends PullException> as, String why)
      throws Exception {
    assertThatThrownBy(() -> rig.pull(reference))
        .isInstanceOf(as)
        .hasMessageContaining("pull " + reference)
        .hasMessageContaining(why);
    nothingIsLeft();
  }

  private void nothingIsLeft() throws Exception {
    assertThat(rig.service().list()).isEmpty();
    assertThat(rig.blobs()).isEmpty();
    assertThat(rig.layers()).isEmpty();
    assertThat(rig.names("ingest")).isEmpty();
    assertThat(rig.names("images")).isEmpty();
  }
}
