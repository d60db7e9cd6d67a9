package io.crema.image.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.image.model.Compression;
import io.crema.image.rig.Tar;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers that want out: all is contained in the tree, or refused. */
class HostileLayerTest {
  @TempDir Path directory;
  private UnpackRig rig;

  @BeforeEach
  void open() throws Exception {
    rig = new UnpackRig(directory);
  }

  @AfterEach
  void nothingOutsideWasTouched() throws Exception {
    assertThat(rig.outside()).isDirectoryNotContaining(p -> !p.endsWith("victim"));
    assertThat(rig.outside().resolve("victim")).hasContent("untouched");
    try (Stream<Path> all = Files.list(directory)) {
      assertThat(all.map(p -> p.getFileName().toString()))
          .allMatch(n -> n.equals("outside") || n.matches("tree-\\d+"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../outside/x",
        "../../../../../../outside/x",
        "/outside/x",
        "//outside/x",
        "a/../../outside/x",
        "./../outside/./x",
        "..//outside//x"
      })
  void namesThatClimbEndAtTheRoot(String name) throws Exception {
    rig.unpack(new Tar().file(name, "inside"));
    assertThat(rig.tree().resolve("outside/x")).hasContent("inside");
  }

  @Test
  void symbolicLinksLeadNowhereButInside() throws Exception {
    String out = rig.outside().toString();
    rig.unpack(
        new Tar()
            .symlink("absolute", out)
            .file("absolute/x", "inside")
            .symlink("relative", "../outside")
            .file("relative/y", "inside")
            .symlink("one", "..")
            .symlink("two", "one/outside")
            .file("two/z", "inside")
            .symlink("root", "/")
            .file("root/../root/w", "inside"));
    assertThat(Path.of(rig.tree() + out).resolve("x")).hasContent("inside");
    assertThat(rig.tree().resolve("outside/y")).hasContent("inside");
    assertThat(rig.tree().resolve("outside/z")).hasContent("inside");
    assertThat(rig.tree().resolve("w")).hasContent("inside");
  }

  @Test
  void aFileOverALinkReplacesTheLinkAndNotItsTarget() throws Exception {
    String victim = rig.outside().resolve("victim").toString();
    rig.unpack(
        new Tar()
            .symlink("l", victim)
            .file("l", "inside")
            .symlink("d", rig.outside().toString())
            .directory("d")
            .add(new Tar.Entry('5', "e").mode(0755))
            .symlink("e", rig.outside().toString())
            .add(new Tar.Entry('5', "e").mode(0700)));
    assertThat(rig.tree().resolve("l")).isRegularFile().hasContent("inside");
    assertThat(Files.isDirectory(rig.tree().resolve("d"), LinkOption.NOFOLLOW_LINKS)).isTrue();
    assertThat(Files.isDirectory(rig.tree().resolve("e"), LinkOption.NOFOLLOW_LINKS)).isTrue();
  }

  @Test
  void aDirectorysTimeIsNotSetThroughALinkThatReplacedIt() throws Exception {
    Files.setLastModifiedTime(rig.outside(), java.nio.file.attribute.FileTime.fromMillis(5_000));
    rig.unpack(
        new Tar()
            .add(new Tar.Entry('5', "d").mode(0777).mtime(99))
            .symlink("d", rig.outside().toString()));
    assertThat(Files.getLastModifiedTime(rig.outside()).toMillis()).isEqualTo(5_000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"../outside/victim", "/outside/victim", "link/victim", "nothing"})
  void hardLinksAreToWhatTheLayerItselfHas(String target) {
    assertThatThrownBy(
            () ->
                rig.unpack(
                    new Tar().symlink("link", rig.outside().toString()).hardLink("x", target)))
        .isInstanceOf(LayerException.class)
        .hasMessageContaining("which is not in the layer before it");
  }

  @Test
  void hardLinksThatCantBeAreRefused() {
    for (Tar tar :
        List.of(
            new Tar().hardLink("x", "x"),
            new Tar().directory("d").hardLink("x", "d"),
            new Tar().directory("d").file("d/f", "f").hardLink("d", "d/f"),
            new Tar().file("f", "f").hardLink("x", ""),
            new Tar().file("f", "f").hardLink("x", "/"))) {
      assertThatThrownBy(() -> rig.unpack(tar))
          .isInstanceOf(LayerException.class)
          .hasMessageContaining("link");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {".wh.", ".wh..", ".wh...", "d/.wh..", "d/.wh..."})
  void whiteoutsOfNothingAreRefused(String name) {
    assertThatThrownBy(() -> rig.unpack(new Tar().directory("d").file(name, "")))
        .isInstanceOf(LayerException.class)
        .hasMessageContaining("whiteout of nothing");
  }

  @Test
  void aufssOwnNamesAreNoFiles() throws Exception {
    rig.unpack(
        new Tar()
            .directory(".wh..wh.plnk")
            .file(".wh..wh.plnk/1.2", "x")
            .file(".wh..wh.aufs", "x")
            .file("real", "x"));
    assertThat(rig.tree().resolve(".wh..wh.aufs")).doesNotExist();
    assertThat(rig.tree().resolve("real")).exists();
  }

  @Test
  void linksInACircleAreRefused() {
    for (Tar tar :
        List.of(
            new Tar().symlink("a", "a").file("a/x", "x"),
            new Tar().symlink("a", "b").symlink("b", "a").file("a/x", "x"),
            new Tar().symlink("a", "a/b").file("a/x", "x"),
            new Tar().symlink("a", "b/c").symlink("b", "a").file("a/x", "x"))) {
      assertThatThrownBy(() -> rig.unpack(tar)).isInstanceOf(LayerException.class);
    }
  }

  @Test
  void aFileIsNoDirectory() {
    assertThatThrownBy(() -> rig.unpack(new Tar().file("f", "f").file("f/x", "x")))
        .isInstanceOf(LayerException.class)
        .hasMessageContaining("\"f\" is used as a directory but isn't one");
  }

  @Test
  void overlaysOwnAttributesAreNotTaken() throws Exception {
    rig.unpack(
        new Tar()
            .add(
                new Tar.Entry('5', "d")
                    .mode(0755)
                    .pax("SCHILY.xattr.user.overlay.redirect", "/etc")
                    .pax("SCHILY.xattr.trusted.overlay.opaque", "y")));
    assertThat(Files.getFileStore(rig.tree())).isNotNull();
    assertThat(
            Files.getFileAttributeView(
                    rig.tree().resolve("d"),
                    java.nio.file.attribute.UserDefinedFileAttributeView.class)
                .list())
        .isEmpty();
  }

  @Test
  void namesWithNulsAreRefused() {
    for (Tar tar :
        List.of(
            new Tar().add(new Tar.Entry('0', "x").pax("path", "a\0b")),
            new Tar().add(new Tar.Entry('2', "x").pax("linkpath", "a\0b")))) {
      assertThatThrownBy(() -> rig.unpack(tar)).isInstanceOf(LayerException.class);
    }
  }

  @Test
  void entriesOfUnknownTypeAreRefused() {
    for (char type : new char[] {'D', 'M', 'V', 's', 'Z'}) {
      assertThatThrownBy(() -> rig.unpack(new Tar().add(new Tar.Entry(type, "x"))))
          .isInstanceOf(LayerException.class)
          .hasMessageContaining("tar type '" + type + "'");
    }
  }

  /** Deeper than any path can name, by way of links; and it can be removed. */
  @Test
  void aTreeDeeperThanAPathCanBeRemoved() throws Exception {
    Tar tar = new Tar();
    String part = "d/".repeat(20) + "d";
    tar.directory(part);
    for (int i = 0; i < 60; i++) {
      String from = i == 0 ? "" : "l" + (i - 1) + "/";
      // each link leads to the end of what is there, and the next part goes below it
      tar.symlink("l" + i, from + part);
      tar.add(new Tar.Entry('5', "x").mode(0755).pax("path", "l" + i + "/" + part));
    }
    try {
      rig.unpack(tar);
    } catch (LayerException e) {
      assertThat(e)
          .hasMessageContaining("is used as a directory"); // as many links as the kernel follows
    }
    new TreeRemover().remove(rig.tree());
    assertThat(rig.tree()).doesNotExist();
  }

  @Test
  void whateverTheEntriesNothingLeavesTheTree() throws Exception {
    Random random = new Random(42);
    String[] names = {
      "a",
      "b",
      "a/b",
      "b/a",
      "a/a/a",
      "../a",
      "/a",
      "a/../b",
      ".wh.a",
      "a/.wh.b",
      "b/.wh.a",
      "./a",
      "a/",
      "..",
      ".",
      "/",
      "a/..",
      "b/b/b",
      ".wh..wh..x"
    };
    String[] targets = {
      "a",
      "b",
      "..",
      "../..",
      "/",
      ".",
      "../outside",
      "/outside",
      "a/b",
      "b/..",
      rig.outside().toString(),
      "../outside/victim",
      "a/../../outside"
    };
    String types = "0000122255566";
    int whole = 0;
    int refused = 0;
    for (int i = 0; i < 400; i++) {
      Tar tar = new Tar();
      for (int n = random.nextInt(12) + 1; n > 0; n--) {
        char type = types.charAt(random.nextInt(types.length()));
        tar.add(
            new Tar.Entry(type, names[random.nextInt(names.length)])
                .mode(random.nextInt(01000) | 0700)
                .link(targets[random.nextInt(targets.length)])
                .mtime(random.nextInt() & 0xffffff)
                .data(type == '0' ? "data" : ""));
      }
      try {
        rig.unpack(tar.end(), Compression.NONE, UnpackRig.LIMITS);
        whole++;
      } catch (LayerException e) {
        refused++;
      }
      new TreeRemover().remove(rig.tree());
      assertThat(rig.tree()).doesNotExist();
      assertThat(rig.outside().resolve("victim")).hasContent("untouched");
    }
    assertThat(whole).isGreaterThan(30);
    assertThat(refused).isGreaterThan(30);
  }

  @Test
  void directoriesWithoutEntriesCountAsWell() {
    Tar tar = new Tar();
    for (int i = 0; i < 5; i++) {
      tar.file("a/b" + i + "/c/f", "");
    }
    assertThatThrownBy(
            () -> rig.unpack(tar.end(), Compression.NONE, new UnpackLimits(1L << 30, 500, 9)))
        .isInstanceOfSatisfying(LayerException.class, e -> assertThat(e.isTooLarge()).isTrue())
        .hasMessageContaining("more than 9 directories");
  }
}
