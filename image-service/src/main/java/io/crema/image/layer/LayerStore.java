package io.crema.image.layer;

import io.crema.image.model.Digest;
import io.crema.image.store.DurableFiles;
import io.crema.runtime.linux.Descriptors;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.FileNames;
import io.crema.runtime.linux.Paths;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The unpacked layers: {@code layers/KEY/fs} is the tree, {@code layers/KEY/layer.json} what is
 * known of it. KEY is the diff id's hex digits, or {@code fix-} and a chain id's.
 *
 * <p>A tree isn't flushed file by file, which would cost more than the unpacking: its record names
 * the boot in which it was made, until a syncfs(2) afterwards. After a reboot an unflushed tree is
 * discarded, and unpacked again from its blob, which was flushed.
 */
public final class LayerStore {
  private static final Logger LOG = System.getLogger("io.crema.image.layer");
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int VERSION = 1;
  private static final String RECORD = "layer.json";

  private final Path layers;
  private final Path ingest;
  private final Trash trash;
  private final String bootId;

  /** What is there, as listing, stacking and counting need it for each container. */
  private final Map<String, Summary> known = new ConcurrentHashMap<>();

  /**
   * Uses {@code root/layers}, and {@code ingest} on the same file system. Damaged layers, and those
   * whose data power loss may have taken, are discarded.
   */
  public LayerStore(Path root, Path ingest, Trash trash, String bootId) throws IOException {
    this.layers = root.resolve("layers");
    this.ingest = ingest;
    this.trash = trash;
    this.bootId = bootId;
    Files.createDirectories(layers);
    Files.createDirectories(ingest);
    load();
  }

  /** A layer on disk, in short. */
  public record Summary(long bytes, long inodes, boolean rootOpaque, boolean flushed) {
    static Summary of(LayerInfo info, boolean flushed) {
      return new Summary(info.bytes(), info.inodes(), info.rootOpaque(), flushed);
    }
  }

  private record Stored(LayerInfo info, boolean flushed) {}

  /** A place to unpack into, removed on close unless committed. Root's alone. */
  public final class Draft implements AutoCloseable {
    private final Path directory = ingest.resolve("layer-" + UUID.randomUUID());

    private Draft() throws IOException {
      Files.createDirectory(directory);
      Files.createDirectory(tree());
      // overlayfs shows the top layer's root as the container's "/"
      Paths.linux().fchmodAt(null, tree().toString(), 0755);
    }

    /** The empty tree. */
    public Path tree() {
      return directory.resolve("fs");
    }

    /** A scratch file's name. */
    public Path scratch() {
      return directory.resolve("scratch");
    }

    /** Names the tree; one of that name that is there already wins. */
    public void commit(String key, LayerInfo info) throws IOException {
      Files.write(directory.resolve(RECORD), encode(info, bootId));
      synchronized (LayerStore.this) {
        if (!known.containsKey(key)) {
          Files.move(directory, directory(key), StandardCopyOption.ATOMIC_MOVE);
          known.put(key, Summary.of(info, false));
        }
      }
    }

    @Override
    public void close() throws IOException {
      trash.discard(directory);
    }
  }

  /** Starts a layer. */
  public Draft begin() throws IOException {
    return new Draft();
  }

  /** The key of a layer that is the same on whatever it lies. */
  public static String key(Digest diffId) {
    return diffId.hex();
  }

  /** The key of the repairs of a chain of layers. */
  public static String repairKey(Digest chainId) {
    return "fix-" + chainId.hex();
  }

  /** Whether it is there. */
  public boolean has(String key) {
    return known.containsKey(key);
  }

  /** Its tree. */
  public Path tree(String key) {
    return directory(key).resolve("fs");
  }

  /** What is known of it, from disk. */
  public LayerInfo info(String key) throws IOException {
    return read(key).info();
  }

  /**
   * What is known of it, from memory.
   *
   * @throws NoSuchElementException when it is not there
   */
  public Summary summary(String key) {
    Summary summary = known.get(key);
    if (summary == null) {
      throw new NoSuchElementException("layer " + key);
    }
    return summary;
  }

  /** All that are there. */
  public Collection<Summary> summaries() {
    return List.copyOf(known.values());
  }

  private Path directory(String key) {
    return layers.resolve(key);
  }

  /** The keys of all that are there. */
  public List<String> keys() {
    return List.copyOf(known.keySet());
  }

  /** The key of the layer whose tree is {@code tree}. */
  public String keyOf(Path tree) {
    Path parent = tree.getParent();
    return parent == null ? "" : parent.getFileName().toString();
  }

  /** Takes a layer off; absent is fine. */
  public synchronized void remove(String key) throws IOException {
    known.remove(key);
    trash.discard(directory(key));
  }

  private void load() throws IOException {
    List<Path> all;
    try (Stream<Path> dirs = Files.list(layers)) {
      all = dirs.toList();
    }
    for (Path dir : all) {
      String key = dir.getFileName().toString();
      try {
        Stored stored = read(key);
        known.put(key, Summary.of(stored.info(), stored.flushed()));
      } catch (IOException | JacksonException | IllegalArgumentException e) {
        LOG.log(Level.DEBUG, "layer {0} is unpacked again when wanted: {1}", key, e.getMessage());
        trash.discard(dir);
      }
    }
  }

  private Stored read(String key) throws IOException {
    JsonNode n = JSON.readTree(Files.readAllBytes(directory(key).resolve(RECORD)));
    String boot = n.path("boot").asString("");
    if (n.path("version").asInt(0) != VERSION || !(boot.isEmpty() || boot.equals(bootId))) {
      throw new IOException(key + ": of another boot or version");
    }
    Set<String> implicit = new HashSet<>();
    for (JsonNode i : n.path("implicit")) {
      byte[] raw = i.asString().getBytes(StandardCharsets.ISO_8859_1);
      implicit.add(FileNames.decode(raw, 0, raw.length));
    }
    return new Stored(
        new LayerInfo(
            Digest.parse(n.path("diffId").asString("")),
            n.path("bytes").asLong(),
            n.path("inodes").asLong(),
            n.path("rootOpaque").asBoolean(),
            implicit),
        boot.isEmpty());
  }

  private static byte[] encode(LayerInfo info, String boot) {
    ObjectNode n = JSON.createObjectNode();
    n.put("version", VERSION);
    n.put("diffId", info.diffId().toString());
    n.put("bytes", info.bytes());
    n.put("inodes", info.inodes());
    n.put("rootOpaque", info.rootOpaque());
    n.put("boot", boot);
    ArrayNode implicit = n.putArray("implicit");
    // names are bytes: one character for each
    info.implicit()
        .forEach(i -> implicit.add(new String(FileNames.encode(i), StandardCharsets.ISO_8859_1)));
    return JSON.writeValueAsBytes(n);
  }

  /**
   * Flushes the file system, and notes it for those of {@code keys} that are still there. A crash
   * in between only means that a layer is unpacked again.
   */
  public void flush(Collection<String> keys) throws IOException {
    List<String> unflushed =
        keys.stream().filter(k -> known.containsKey(k) && !summary(k).flushed()).toList();
    if (unflushed.isEmpty()) {
      return;
    }
    try (Fd fd = Paths.linux().open(layers.toString(), Paths.O_RDONLY, 0)) {
      Descriptors.linux().syncFileSystem(fd);
      for (String key : unflushed) {
        note(key);
      }
      Descriptors.linux().syncFileSystem(fd); // once for all notes, not for each
    }
  }

  private synchronized void note(String key) throws IOException {
    if (!known.containsKey(key)) {
      return; // removed meanwhile
    }
    LayerInfo info = info(key);
    Path aside = directory(key).resolve(RECORD + DurableFiles.ASIDE);
    Files.write(aside, encode(info, ""));
    Files.move(aside, directory(key).resolve(RECORD), StandardCopyOption.ATOMIC_MOVE);
    known.put(key, Summary.of(info, true));
  }
}
