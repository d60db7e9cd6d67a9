package io.crema.image.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.image.model.Compression;
import io.crema.image.model.Digest;
import io.crema.image.rig.Packed;
import io.crema.image.rig.Tar;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What needs no privilege; the rest is in LayerNodeTest. */
class LayerUnpackerTest {
  @TempDir Path directory;
  private UnpackRig rig;

  @BeforeEach
  void open() throws Exception {
    rig = new UnpackRig(directory);
  }

  @Test
  void filesDirectoriesAndLinksAreMadeAsTheyStand() throws Exception {
    LayerInfo info =
        rig.unpack(
            new Tar()
                .add(new Tar.Entry('5', "./").mode(0700))
                .add(new Tar.Entry('5', "./etc/").mode(01777).mtime(1_000_000_000))
                .add(
                    new Tar.Entry('0', "./etc/passwd").mode(0640).mtime(1_100_000_000).data("root"))
                .add(new Tar.Entry('2', "etc/mtab").link("../proc/mounts").mtime(1_200_000_000))
                .hardLink("etc/again", "/etc/passwd")
                .add(new Tar.Entry('6', "pipe").mode(0600))
                .file("a/b/c", "implicit"));
    Path tree = rig.tree();
    assertThat(tree.resolve("etc/passwd")).hasContent("root");
    assertThat(permissions(tree.resolve("etc/passwd"))).isEqualTo("rw-r-----");
    assertThat(mode(tree.resolve("etc"))).isEqualTo(01777);
    assertThat(time(tree.resolve("etc"))).isEqualTo(1_000_000_000);
    assertThat(time(tree.resolve("etc/passwd"))).isEqualTo(1_100_000_000);
    assertThat(time(tree.resolve("etc/mtab"))).isEqualTo(1_200_000_000);
    assertThat(Files.readSymbolicLink(tree.resolve("etc/mtab"))).hasToString("../proc/mounts");
    assertThat(Files.isSameFile(tree.resolve("etc/again"), tree.resolve("etc/passwd"))).isTrue();
    assertThat(permissions(tree.resolve("a/b"))).isEqualTo("rwxr-xr-x");
    assertThat(info.implicit()).containsExactlyInAnyOrder("a", "a/b");
    assertThat(info.inodes()).isEqualTo(7);
    assertThat(info.bytes()).isEqualTo(5 * 4096);
    assertThat(Files.exists(directory.resolve("scratch-1"))).isFalse();
  }

  @Test
  void modesDontDependOnTheUmaskAndKeepSetuid() throws Exception {
    rig.unpack(
        new Tar()
            .add(new Tar.Entry('0', "su").mode(06755).data("x"))
            .add(new Tar.Entry('0', "open").mode(0666).data("x"))
            .add(new Tar.Entry('0', "none").mode(0).data("x"))
            .add(new Tar.Entry('5', "all").mode(0777)));
    assertThat(mode(rig.tree().resolve("su"))).isEqualTo(06755);
    assertThat(mode(rig.tree().resolve("open"))).isEqualTo(0666);
    assertThat(mode(rig.tree().resolve("none"))).isZero();
    assertThat(mode(rig.tree().resolve("all"))).isEqualTo(0777);
  }

  @Test
  void theDigestIsThatOfTheWholeArchiveHoweverItIsPacked() throws Exception {
    byte[] tar =
        new Tar()
            .file("x", Packed.random(300_000, 8))
            .raw(new byte[1024])
            .raw(new byte[9000])
            .unfinished();
    for (Compression compression : Compression.values()) {
      LayerInfo info = rig.unpack(pack(tar, compression), compression, UnpackRig.LIMITS);
      assertThat(info.diffId()).isEqualTo(Digest.of(tar));
      assertThat(rig.tree().resolve("x")).hasBinaryContent(Packed.random(300_000, 8));
    }
  }

  @Test
  void packedStreamsOfManyPartsAreOne() throws Exception {
    byte[] tar = new Tar().file("x", Packed.random(10_000, 8)).end();
    for (Compression compression : new Compression[] {Compression.GZIP, Compression.ZSTD}) {
      ByteArrayOutputStream parts = new ByteArrayOutputStream();
      for (int at = 0; at < tar.length; at += 3000) {
        parts.writeBytes(
            pack(Arrays.copyOfRange(tar, at, Math.min(tar.length, at + 3000)), compression));
      }
      assertThat(rig.unpack(parts.toByteArray(), compression, UnpackRig.LIMITS).diffId())
          .isEqualTo(Digest.of(tar));
    }
  }

  @Test
  void gzipHeadersOfEveryKindAreSkipped() throws Exception {
    byte[] tar = new Tar().file("x", "x").end();
    byte[] plain = Packed.gzip(tar);
    byte[] all = {4, 0, 'e', 'x', 't', 'r', 'n', 'a', 'm', 'e', 0, 'c', 0, 9, 9};
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(plain, 0, 3);
    out.write(2 | 4 | 8 | 16);
    out.write(plain, 4, 6);
    out.writeBytes(all);
    out.write(plain, 10, plain.length - 10);
    assertThat(rig.unpack(out.toByteArray(), Compression.GZIP, UnpackRig.LIMITS).diffId())
        .isEqualTo(Digest.of(tar));
  }

  @Test
  void packedDataThatIsCutOrDamagedIsTheLayersFault() {
    byte[] tar = new Tar().file("x", Packed.random(100_000, 8)).end();
    for (Compression compression : new Compression[] {Compression.GZIP, Compression.ZSTD}) {
      byte[] packed = pack(tar, compression);
      for (int length : new int[] {1, 5, 100, packed.length / 2, packed.length - 1}) {
        assertThatThrownBy(
                () -> rig.unpack(Arrays.copyOf(packed, length), compression, UnpackRig.LIMITS))
            .as("%s cut to %d of %d", compression, length, packed.length)
            .isInstanceOf(LayerException.class);
      }
      byte[] followed = Arrays.copyOf(packed, packed.length + 20);
      Arrays.fill(followed, packed.length, followed.length, (byte) 7);
      assertThatThrownBy(() -> rig.unpack(followed, compression, UnpackRig.LIMITS))
          .isInstanceOf(LayerException.class);
    }
    assertThatThrownBy(() -> rig.unpack(tar, Compression.GZIP, UnpackRig.LIMITS))
        .hasMessageContaining("not gzip data, which its media type promises");
    assertThatThrownBy(() -> rig.unpack(tar, Compression.ZSTD, UnpackRig.LIMITS))
        .hasMessageContaining("zstd");
  }

  @Test
  void sparseFilesHaveHoles() throws Exception {
    byte[] data = Packed.random(4096, 1);
    LayerInfo info =
        rig.unpack(
            new Tar()
                .add(
                    new Tar.Entry('0', "x")
                        .data(data)
                        .pax("GNU.sparse.size", "100000000")
                        .pax("GNU.sparse.map", "50000000,4096"))
                .file("after", "a"));
    Path file = rig.tree().resolve("x");
    assertThat(Files.size(file)).isEqualTo(100_000_000);
    assertThat((Long) Files.getAttribute(file, "unix:size")).isEqualTo(100_000_000);
    assertThat(info.bytes()).isEqualTo(2 * 4096);
    byte[] all = Files.readAllBytes(file);
    assertThat(Arrays.copyOfRange(all, 50_000_000, 50_004_096)).isEqualTo(data);
    assertThat(all[49_999_999]).isZero();
    assertThat(rig.tree().resolve("after")).hasContent("a");
  }

  @Test
  void entriesReplaceWhatCameBeforeThem() throws Exception {
    rig.unpack(
        new Tar()
            .file("file", "old")
            .file("file", "new")
            .directory("d")
            .file("d/inner/deep", "x")
            .file("d", "now a file")
            .file("f", "x")
            .directory("f")
            .file("f/inner", "y")
            .symlink("l", "d")
            .file("l", "a file, not d")
            .file("s", "x")
            .symlink("s", "file")
            .symlink("s", "f"));
    Path tree = rig.tree();
    assertThat(tree.resolve("file")).hasContent("new");
    assertThat(tree.resolve("d")).isRegularFile().hasContent("now a file");
    assertThat(tree.resolve("f/inner")).hasContent("y");
    assertThat(tree.resolve("l")).hasContent("a file, not d");
    assertThat(Files.readSymbolicLink(tree.resolve("s"))).hasToString("f");
  }

  @Test
  void aDirectoryThatComesTwiceTakesTheLaterAttributesAndKeepsItsContent() throws Exception {
    rig.unpack(
        new Tar()
            .add(new Tar.Entry('5', "d").mode(0700).mtime(5))
            .file("d/x", "x")
            .add(new Tar.Entry('5', "d").mode(0750).mtime(6)));
    assertThat(rig.tree().resolve("d/x")).hasContent("x");
    assertThat(mode(rig.tree().resolve("d"))).isEqualTo(0750);
    assertThat(time(rig.tree().resolve("d"))).isEqualTo(6);
  }

  @Test
  void entriesBelowALinkLieWhereItLeads() throws Exception {
    rig.unpack(
        new Tar()
            .directory("usr/lib")
            .symlink("lib", "usr/lib")
            .file("lib/x", "x")
            .symlink("dangling", "made/later")
            .file("dangling/y", "y")
            .symlink("absolute", "/usr")
            .file("absolute/z", "z")
            .symlink("up", "usr/lib/../..")
            .file("up/w", "w"));
    Path tree = rig.tree();
    assertThat(tree.resolve("usr/lib/x")).hasContent("x");
    assertThat(Files.isSymbolicLink(tree.resolve("lib"))).isTrue();
    assertThat(tree.resolve("made/later/y")).hasContent("y");
    assertThat(tree.resolve("usr/z")).hasContent("z");
    assertThat(tree.resolve("w")).hasContent("w");
  }

  @Test
  void aHardLinkReplacesAFileAndComesTwice() throws Exception {
    rig.unpack(
        new Tar()
            .file("a", "a")
            .file("b", "b")
            .hardLink("b", "a")
            .hardLink("b", "a")
            .directory("d/e")
            .hardLink("d", "a")
            .symlink("s", "nowhere")
            .hardLink("s2", "s"));
    assertThat(Files.isSameFile(rig.tree().resolve("a"), rig.tree().resolve("b"))).isTrue();
    assertThat(rig.tree().resolve("d")).isRegularFile();
    assertThat(Files.readSymbolicLink(rig.tree().resolve("s2"))).hasToString("nowhere");
  }

  @Test
  void deepAndLongNamesAreMade() throws Exception {
    String deep = "d/".repeat(1900) + "f";
    String wide = "w".repeat(255);
    rig.unpack(
        new Tar()
            .add(new Tar.Entry('0', "x").data("deep").pax("path", deep))
            .add(new Tar.Entry('0', "x").data("wide").pax("path", wide)));
    assertThat(rig.tree().resolve(wide)).hasContent("wide");
    assertThatThrownBy(
            () -> rig.unpack(new Tar().add(new Tar.Entry('0', "x").pax("path", "w".repeat(256)))))
        .isInstanceOf(LayerException.class);
    new TreeRemover().remove(directory.resolve("tree-1"));
    assertThat(directory.resolve("tree-1")).doesNotExist();
  }

  @Test
  void userAttributesAreKept() throws Exception {
    rig.unpack(
        new Tar()
            .add(new Tar.Entry('0', "x").data("x").pax("SCHILY.xattr.user.note", "hello"))
            .add(new Tar.Entry('5', "d").mode(0755).pax("SCHILY.xattr.user.note", "dir")));
    for (Map.Entry<String, String> e : Map.of("x", "hello", "d", "dir").entrySet()) {
      Object value = Files.getAttribute(rig.tree().resolve(e.getKey()), "user:note");
      assertThat((byte[]) value).asString().isEqualTo(e.getValue());
    }
  }

  @Test
  void limitsAreKept() throws Exception {
    Tar many = new Tar();
    for (int i = 0; i < 11; i++) {
      many.file("f" + i, "");
    }
    tooLarge(
        many.end(), Compression.NONE, new UnpackLimits(1 << 20, 500, 10), "more than 10 entries");
    byte[] large = new Tar().file("x", new byte[70_000]).end();
    tooLarge(large, Compression.GZIP, new UnpackLimits(60_000, 500, 10), "60000");
    byte[] holes =
        new Tar()
            .add(
                new Tar.Entry('0', "x")
                    .pax("GNU.sparse.size", "9000000000000000000")
                    .pax("GNU.sparse.map", ""))
            .end();
    tooLarge(holes, Compression.NONE, new UnpackLimits(1L << 40, 500, 10), "9000000000000000000");
  }

  /** A small file of zeros within zeros: 1.2 GiB of 1.2 MiB. */
  @Test
  void aBombIsRefusedByItsRatio() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(Packed.gzip(new Tar().add(new Tar.Entry('0', "x").size(1L << 32)).unfinished()));
    byte[] zeros = Packed.gzip(new byte[64 << 20]);
    for (int i = 0; i < 20; i++) {
      out.writeBytes(zeros);
    }
    rig = new UnpackRig(Files.createDirectories(directory.resolve("bomb")));
    tooLarge(out.toByteArray(), Compression.GZIP, new UnpackLimits(1L << 40, 500, 10), "500 times");
  }

  private void tooLarge(byte[] packed, Compression compression, UnpackLimits limits, String why) {
    byte[] given =
        compression == Compression.GZIP && packed[0] != 0x1f ? Packed.gzip(packed) : packed;
    assertThatThrownBy(() -> rig.unpack(given, compression, limits))
        .hasMessageContaining(why)
        .isInstanceOfSatisfying(LayerException.class, e -> assertThat(e.isTooLarge()).isTrue());
  }

  private static byte[] pack(byte[] tar, Compression compression) {
    return switch (compression) {
      case NONE -> tar;
      case GZIP -> Packed.gzip(tar);
      case ZSTD -> Packed.zstd(tar);
    };
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(
        Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
  }

  private static int mode(Path path) throws IOException {
    return (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS) & 07777;
  }

  private static long time(Path path) throws IOException {
    FileTime time = Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS);
    return time.to(TimeUnit.SECONDS);
  }
}
