package io.crema.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.image.rig.Tar;
import io.crema.image.rig.TestImage;
import io.crema.image.rig.TestRegistry;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Mounts;
import io.crema.runtime.linux.Paths;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a container sees of an image's layers: pulled, stacked by overlayfs and looked at. */
@Tag("node")
class StackNodeTest {
  @TempDir Path directory;
  private TestRegistry registry;
  private ServiceRig rig;
  private int containers;

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

  /** Looks at the merged tree. */
  private interface Look {
    void at(Path root) throws Exception;
  }

  /** Mounts {@code layers}, bottom first, without attaching the mount anywhere. */
  private void merged(Look look, Tar... layers) throws Exception {
    TestImage image = new TestImage();
    for (Tar layer : layers) {
      image.plain(layer.end());
    }
    image.push(registry, "x", "1");
    rig.pull("a.example/x:1");
    WritableLayer top = rig.service().createWritableLayer("c" + containers++, "a.example/x:1");
    Mounts mounts = Mounts.linux();
    try (Fd context = mounts.fsopen("overlay")) {
      for (Path lower : top.lower()) {
        mounts.fsconfigString(context, "lowerdir+", lower.toString());
      }
      mounts.fsconfigString(context, "upperdir", top.upper().toString());
      mounts.fsconfigString(context, "workdir", top.work().toString());
      mounts.fsconfigCreate(context);
      try (Fd mount = mounts.fsmount(context, 0)) {
        look.at(Path.of(mount.procPath()));
      }
    }
    rig.service().removeWritableLayer(top.containerId());
    rig.service().remove("a.example/x:1");
  }

  @Test
  void ownersModesDevicesAndAttributesAreAsInTheArchive() throws Exception {
    byte[] capability = {1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    merged(
        root -> {
          Paths.Stat su = stat(root.resolve("su"));
          assertThat(su.mode() & 07777).isEqualTo(04755);
          assertThat(su.uid()).isEqualTo(1000);
          assertThat(su.gid()).isEqualTo(50);
          assertThat(su.mtimeSeconds()).isEqualTo(1_700_000_000);
          assertThat(
                  Paths.linux().lgetxattr(root.resolve("ping").toString(), "security.capability"))
              .isEqualTo(capability);
          Paths.Stat device = stat(root.resolve("null"));
          assertThat(device.type()).isEqualTo(Paths.S_IFCHR);
          assertThat(device.rdevMajor()).isEqualTo(1);
          assertThat(device.rdevMinor()).isEqualTo(3);
          assertThat(device.mode() & 07777).isEqualTo(0666);
          assertThat(stat(root.resolve("disk")).rdevMinor()).isEqualTo(0x12345);
          assertThat(stat(root.resolve("link")).uid()).isEqualTo(7);
          assertThat(stat(root.resolve("shared")).mode() & 07777).isEqualTo(02775);
          // a directory with setgid must not hand its group on to what the archive says is root's
          assertThat(stat(root.resolve("shared/mine")).gid()).isZero();
          assertThat(stat(root.resolve("shared/sub")).gid()).isZero();
          assertThat(stat(root.resolve("shared/sub")).mode() & 07777).isEqualTo(0755);
          assertThat(stat(root).mode() & 07777).isEqualTo(0755);
        },
        new Tar()
            .add(new Tar.Entry('5', ".").mode(0700).owner(5, 5))
            .add(
                new Tar.Entry('0', "su").mode(04755).owner(1000, 50).mtime(1_700_000_000).data("x"))
            .add(
                new Tar.Entry('0', "ping")
                    .owner(3, 3)
                    .data("x")
                    .pax("SCHILY.xattr.security.capability", capability))
            .add(new Tar.Entry('3', "null").mode(0666).device(1, 3))
            .add(new Tar.Entry('4', "disk").device(8, 0x12345))
            .add(new Tar.Entry('2', "link").owner(7, 7).link("su"))
            .add(new Tar.Entry('5', "shared").mode(02775).owner(0, 60))
            .file("shared/mine", "x")
            .directory("shared/sub"));
  }

  @Test
  void whatALayerDeletesIsNotSeenAndWhatItBringsIs() throws Exception {
    merged(
        root ->
            assertThat(tree(root))
                .containsExactly(
                    "again/",
                    "again/fresh=2",
                    "implicit/",
                    "implicit/fresh=2",
                    "keep=1",
                    "kept/",
                    "kept/old=1",
                    "opaque/",
                    "opaque/after=2",
                    "opaque/before=2",
                    "replaced=2"),
        new Tar()
            .file("keep", "1")
            .file("gone", "1")
            .file("tree/a/b", "1")
            .file("opaque/old", "1")
            .file("again/old", "1")
            .file("implicit/old", "1")
            .file("kept/old", "1")
            .file("replaced/old", "1"),
        new Tar()
            .file(".wh.gone", "")
            .file(".wh.tree", "")
            .directory("opaque")
            .file("opaque/before", "2")
            .file("opaque/.wh..wh..opq", "")
            .file("opaque/after", "2")
            .file(".wh.again", "")
            .directory("again")
            .file("again/fresh", "2")
            .file(".wh.implicit", "")
            .file("implicit/fresh", "2")
            .file(".wh.not-there", "")
            .file(".wh.replaced", "")
            .file("replaced", "2"));
  }

  @Test
  void aWhiteoutDoesNotHideWhatItsOwnLayerBringsBeforeIt() throws Exception {
    merged(
        root -> assertThat(tree(root)).containsExactly("d/", "d/new=2", "f=2"),
        new Tar().file("f", "1").file("d/old", "1"),
        new Tar().file("f", "2").file(".wh.f", "").file("d/new", "2").file(".wh.d", ""));
  }

  @Test
  void anOpaqueRootHidesAllLayersBelow() throws Exception {
    merged(
        root -> assertThat(tree(root)).containsExactly("three=3", "two=2"),
        new Tar().file("one", "1"),
        new Tar().file(".wh..wh..opq", "").file("two", "2"),
        new Tar().file("three", "3"));
  }

  @Test
  void aDirectoryWithoutEntryKeepsTheAttributesThatALayerBelowGaveIt() throws Exception {
    merged(
        root -> {
          assertThat(stat(root.resolve("tmp")).mode() & 07777).isEqualTo(01777);
          assertThat(stat(root.resolve("home/me")).uid()).isEqualTo(1000);
          assertThat(stat(root.resolve("home/me")).mtimeSeconds()).isEqualTo(5);
          assertThat(stat(root.resolve("new")).mode() & 07777).isEqualTo(0755);
          assertThat(stat(root.resolve("fresh")).mode() & 07777).isEqualTo(0755);
          assertThat(tree(root)).contains("tmp/x=2", "home/me/y=2", "tmp/z=3");
        },
        new Tar()
            .add(new Tar.Entry('5', "tmp").mode(01777))
            .add(new Tar.Entry('5', "home").mode(0755))
            .add(new Tar.Entry('5', "home/me").mode(0700).owner(1000, 1000).mtime(5))
            .add(new Tar.Entry('5', "fresh").mode(0700)),
        new Tar().file("tmp/x", "2").file("home/me/y", "2").file("new/x", "2"),
        new Tar().file("tmp/z", "3").file(".wh.fresh", "").file("fresh/x", "3"));
  }

  @Test
  void whiteoutsThroughLinksStayInside() throws Exception {
    Path victim = Files.writeString(directory.resolve("victim"), "untouched");
    merged(
        root -> assertThat(victim).hasContent("untouched"),
        new Tar().file("x", "x"),
        new Tar()
            .symlink("out", directory.toString())
            .file("out/.wh.victim", "")
            .file("out/.wh..wh..opq", "")
            .symlink("up", "../../..")
            .file("up/.wh.x", ""));
    assertThat(Paths.linux().lgetxattr(directory.toString(), "trusted.overlay.opaque")).isNull();
  }

  /** Against a model that applies layers as image-spec layer.md says. */
  @Test
  void whateverTheLayersTheStackIsWhatTheSpecificationSays() throws Exception {
    Random random = new Random(7);
    for (int round = 0; round < 60; round++) {
      Map<String, String> model = new TreeMap<>();
      List<Tar> layers = new ArrayList<>();
      StringBuilder story = new StringBuilder();
      for (int n = random.nextInt(4) + 2; n > 0; n--) {
        layers.add(layer(random, model, story.append("\n-- layer")));
      }
      List<String> expected = new ArrayList<>();
      model.forEach((path, is) -> expected.add(is.isEmpty() ? path + "/" : path + "=" + is));
      merged(
          root -> assertThat(tree(root)).as(story.toString()).isEqualTo(expected),
          layers.toArray(Tar[]::new));
    }
  }

  /**
   * A random layer, which is also applied to {@code model}: path to content, empty for directory.
   */
  private static Tar layer(Random random, Map<String, String> model, StringBuilder story) {
    Tar tar = new Tar();
    Set<String> mine = new TreeSet<>();
    Map<String, String> added = new TreeMap<>();
    Set<String> hidden = new TreeSet<>();
    Set<String> opaque = new TreeSet<>();
    Set<String> whiteouts = new TreeSet<>();
    for (int n = random.nextInt(6) + 1; n > 0; n--) {
      String path = path(random);
      int slash = path.lastIndexOf('/');
      String parent = slash < 0 ? "" : path.substring(0, slash);
      boolean belowFile =
          Stream.iterate(parent, p -> !p.isEmpty(), StackNodeTest::above)
              .anyMatch(p -> !added.getOrDefault(p, "").isEmpty());
      boolean overWhiteout = whiteouts.stream().anyMatch(w -> w.startsWith(path + "/"));
      if (belowFile || overWhiteout || !mine.add(path)) {
        continue; // one entry for a name, or the order within the layer would matter
      }
      switch (random.nextInt(5)) {
        case 0 -> {
          // of what is there: where nothing is below, overlayfs has no merged directory and lists
          // the whiteout itself, under containerd as well
          boolean below =
              Stream.iterate(parent, p -> !p.isEmpty(), StackNodeTest::above)
                  .anyMatch(p -> hidden.contains(p) || opaque.contains(p));
          if (!model.containsKey(path) || below) {
            continue;
          }
          whiteouts.add(path);
          String marker =
              (parent.isEmpty() ? "" : parent + "/") + ".wh." + path.substring(slash + 1);
          tar.file(marker, "");
          story.append("\n").append(marker);
          hidden.add(path);
          parents(parent, added);
        }
        case 1 -> {
          if (added.keySet().stream().anyMatch(p -> p.startsWith(path + "/"))) {
            story.append("\nopaque ").append(path);
            tar.file(path + "/.wh..wh..opq", "");
            opaque.add(path);
            parents(path, added);
          }
        }
        case 2 -> {
          tar.directory(path);
          story.append("\ndir ").append(path);
          parents(path, added);
        }
        default -> {
          if (added.keySet().stream().noneMatch(p -> p.startsWith(path + "/"))
              && !added.containsKey(path)) {
            String content = "c" + random.nextInt(1000);
            tar.file(path, content);
            story.append("\nfile ").append(path).append(' ').append(content);
            parents(parent, added);
            added.put(path, content);
          }
        }
      }
    }
    model
        .keySet()
        .removeIf(p -> hidden.stream().anyMatch(h -> p.equals(h) || p.startsWith(h + "/")));
    model.keySet().removeIf(p -> opaque.stream().anyMatch(o -> p.startsWith(o + "/")));
    added.forEach(
        (path, content) -> {
          if (!content.isEmpty() || !model.getOrDefault(path, "").isEmpty()) {
            model.keySet().removeIf(p -> p.startsWith(path + "/"));
          }
          model.put(path, content);
        });
    return tar;
  }

  private static void parents(String path, Map<String, String> added) {
    Stream.iterate(path, p -> !p.isEmpty(), StackNodeTest::above).forEach(p -> added.put(p, ""));
  }

  private static String above(String path) {
    int slash = path.lastIndexOf('/');
    return slash < 0 ? "" : path.substring(0, slash);
  }

  private static String path(Random random) {
    StringBuilder path = new StringBuilder();
    for (int depth = random.nextInt(3) + 1; depth > 0; depth--) {
      path.append(path.isEmpty() ? "" : "/").append("abc".charAt(random.nextInt(3)));
    }
    return path.toString();
  }

  private static Paths.Stat stat(Path path) throws IOException {
    String text = path.toString();
    // statx does not follow the magic link that a descriptor's own path is
    return Paths.linux().stat(null, text.matches("/proc/self/fd/\\d+") ? text + "/." : text);
  }

  private static List<String> tree(Path root) throws IOException {
    List<String> all = new ArrayList<>();
    Path real = root.resolve(".");
    try (Stream<Path> walk = Files.walk(real)) {
      for (Path p : walk.sorted().toList()) {
        String name = real.relativize(p).toString();
        if (Files.isDirectory(p, LinkOption.NOFOLLOW_LINKS)) {
          if (!name.isEmpty()) {
            all.add(name + "/");
          }
        } else {
          all.add(name + "=" + Files.readString(p));
        }
      }
    }
    return all.stream().sorted().toList();
  }
}
