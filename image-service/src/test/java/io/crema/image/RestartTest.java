package io.crema.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.image.rig.Tar;
import io.crema.image.rig.TestImage;
import io.crema.image.rig.TestRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a killed daemon, lost power and a damaged disk leave. */
@Timeout(60)
class RestartTest {
  @TempDir Path directory;
  private TestRegistry registry;
  private ServiceRig rig;
  private TestImage image;

  @BeforeEach
  void open() throws Exception {
    registry = TestRegistry.start();
    rig = new ServiceRig(directory).host("a.example", registry);
    image =
        new TestImage()
            .gzip(new Tar().directory("d").file("d/x", "x").end())
            .zstd(new Tar().file("d/y", "y").end())
            .push(registry, "x", "1");
    rig.pull("a.example/x:1");
  }

  @AfterEach
  void close() {
    rig.close();
    registry.close();
  }

  @Test
  void imagesAreThereAfterARestartWithoutTheRegistry() throws Exception {
    Image before = rig.service().find("a.example/x:1").orElseThrow();
    registry.close();
    rig.restart();
    assertThat(rig.service().list()).containsExactly(before);
    theImageIsWhole();
  }

  @Test
  void theLeftoversOfAKilledPullAreSwept() throws Exception {
    List<String> blobs = rig.blobs();
    rig.restart(
        root -> {
          Files.write(root.resolve("ingest/blob-half"), new byte[1000]);
          Files.createDirectories(root.resolve("ingest/layer-half/fs/usr/bin"));
          Files.write(root.resolve("blobs/sha256").resolve("a".repeat(64)), new byte[10]);
          Files.write(root.resolve("blobs/sha256/.half.tmp"), new byte[10]);
          Files.write(root.resolve("images/.half.tmp"), new byte[10]);
          Files.createDirectories(root.resolve("layers").resolve("b".repeat(64)).resolve("fs"));
        });
    assertThat(rig.names("ingest")).isEmpty();
    assertThat(rig.blobs()).isEqualTo(blobs);
    assertThat(rig.layers()).hasSize(2);
    assertThat(rig.names("images")).hasSize(1);
    theImageIsWhole();
  }

  @Test
  void layersOfAnotherBootThatWereNotFlushedAreUnpackedAgainFromTheirBlobs() throws Exception {
    registry.close();
    rig.restart(
        root -> {
          for (Path record : records(root)) {
            Files.writeString(
                record,
                Files.readString(record)
                    .replaceAll("\"boot\":\"[^\"]*\"", "\"boot\":\"of-another-boot\""));
            // what power loss may leave of a tree
            Files.deleteIfExists(record.resolveSibling("fs/d/x"));
          }
        });
    assertThat(rig.layers()).isEmpty();
    assertThat(rig.service().find("a.example/x:1")).isPresent();
    List<Callable<Void>> leases = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      leases.add(
          () -> {
            theImageIsWhole();
            return null;
          });
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Void> lease : threads.invokeAll(leases)) {
        lease.get();
      }
    }
  }

  @Test
  void flushedLayersAreKeptOverAReboot() throws Exception {
    rig.service().close(); // waits for the flush
    for (Path record : records(rig.root())) {
      assertThat(record).content().contains("\"boot\":\"\"");
    }
    rig.restart(root -> {});
    assertThat(rig.layers()).hasSize(2);
  }

  @Test
  void aLayerWhoseRecordIsDamagedIsUnpackedAgain() throws Exception {
    rig.restart(
        root -> {
          List<Path> records = records(root);
          Files.writeString(records.get(0), "{\"version\":1,");
          Files.write(records.get(1), new byte[0]);
          Files.delete(records.get(2));
        });
    assertThat(rig.layers()).isEmpty();
    theImageIsWhole();
  }

  @Test
  void aDamagedImageRecordIsSetAsideAndTheImageCanBePulledAgain() throws Exception {
    rig.restart(root -> Files.writeString(imageRecord(root), "{\"version\":1,\"config\":\"x\"}"));
    assertThat(rig.service().list()).isEmpty();
    assertThat(rig.names("images")).allMatch(n -> n.endsWith(".json.damaged")).hasSize(1);
    assertThat(rig.blobs()).isEmpty();
    rig.pull("a.example/x:1");
    theImageIsWhole();
  }

  @Test
  void aRecordOfALaterVersionIsSetAside() throws Exception {
    rig.restart(
        root ->
            Files.writeString(
                imageRecord(root),
                Files.readString(imageRecord(root)).replace("\"version\":1", "\"version\":99")));
    assertThat(rig.service().list()).isEmpty();
  }

  @Test
  void anImageWhoseConfigurationIsDamagedIsNotListed() throws Exception {
    rig.restart(
        root ->
            Files.writeString(
                root.resolve("blobs/sha256").resolve(image.id().substring("sha256:".length())),
                "{}"));
    assertThat(rig.service().list()).isEmpty();
    rig.pull("a.example/x:1");
    theImageIsWhole();
  }

  @Test
  void anImageThatCantBeMadeWholeIsNotListed() throws Exception {
    String layer = image.diffId(0).hex();
    rig.restart(
        root -> {
          Files.delete(root.resolve("blobs/sha256").resolve(image.layer(0).hex()));
          Files.move(root.resolve("layers").resolve(layer), root.resolve("gone"));
        });
    assertThat(rig.service().list()).isEmpty();
    assertThatThrownBy(() -> rig.service().lease("a.example/x:1"))
        .hasMessage("image a.example/x:1");
  }

  @Test
  void aTagThatACrashLeftWithTwoImagesIsTheLaterOnes() throws Exception {
    TestImage later = TestImage.of("later").push(registry, "x", "2");
    rig.pull("a.example/x:2");
    rig.restart(
        root -> {
          try (Stream<Path> all = Files.list(root.resolve("images"))) {
            for (Path record : all.toList()) {
              Files.writeString(
                  record, Files.readString(record).replace("a.example/x:2", "a.example/x:1"));
              boolean last =
                  record
                      .getFileName()
                      .toString()
                      .startsWith(later.id().substring("sha256:".length()));
              Files.setLastModifiedTime(record, FileTime.fromMillis(last ? 2_000_000 : 1_000_000));
            }
          }
        });
    assertThat(rig.service().find("a.example/x:1")).map(Image::id).contains(later.id());
    assertThat(rig.service().find(image.id()).orElseThrow().repoTags()).isEmpty();
    rig.restart();
    assertThat(rig.service().find("a.example/x:1")).map(Image::id).contains(later.id());
  }

  @Test
  void aWritableLayerThatWasNeverFinishedIsRemoved() throws Exception {
    rig.service().createWritableLayer("whole", "a.example/x:1");
    rig.restart(root -> Files.createDirectories(root.resolve("containers/half/upper")));
    assertThat(rig.service().writableLayers()).containsExactly("whole");
    assertThat(rig.names("containers")).containsExactly("whole");
    rig.service().createWritableLayer("half", "a.example/x:1");
  }

  @Test
  void aWritableLayerThatFailsLeavesNothing() throws Exception {
    Files.writeString(rig.root().resolve("containers/c1"), "in the way");
    assertThatThrownBy(() -> rig.service().createWritableLayer("c1", "a.example/x:1"))
        .isInstanceOf(IOException.class);
    Files.delete(rig.root().resolve("containers/c1"));
    rig.service().createWritableLayer("c1", "a.example/x:1");
    assertThatThrownBy(() -> rig.service().createWritableLayer("c1", other()))
        .hasMessageContaining("has a layer on image " + image.id());
  }

  @Test
  void aPinnedNameThatIsNoneIsRefusedAtOnce() {
    assertThatThrownBy(
            () -> new ServiceRig(directory.resolve("other"), c -> c.withPinned(List.of("UPPER"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("UPPER");
  }

  private String other() throws Exception {
    TestImage.of("other").push(registry, "x", "other");
    return rig.pull("a.example/x:other").image().id();
  }

  private void theImageIsWhole() throws Exception {
    try (ImageLease lease = rig.service().lease("a.example/x:1")) {
      List<Path> lower = lease.lowerDirectories();
      assertThat(lower.getLast().resolve("d/x")).hasContent("x");
      assertThat(lower.get(lower.size() - 2).resolve("d/y")).hasContent("y");
    }
  }

  private static Path imageRecord(Path root) throws IOException {
    try (Stream<Path> all = Files.list(root.resolve("images"))) {
      return all.findFirst().orElseThrow();
    }
  }

  private static List<Path> records(Path root) throws IOException {
    try (Stream<Path> all = Files.list(root.resolve("layers"))) {
      return all.map(p -> p.resolve("layer.json")).toList();
    }
  }
}
