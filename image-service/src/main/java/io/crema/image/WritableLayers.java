package io.crema.image;

import io.crema.image.layer.Trash;
import io.crema.image.model.Digest;
import io.crema.runtime.linux.Paths;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** The containers' own overlay directories: {@code containers/ID/{upper,work,layer}}. */
final class WritableLayers {
  private static final Logger LOG = System.getLogger("io.crema.image");
  private static final String RECORD = "layer";

  private final Path root;
  private final Trash trash;
  private final Map<String, WritableLayer> byContainer = new ConcurrentHashMap<>();

  /** Takes up those that an earlier daemon made. */
  WritableLayers(Path imageRoot, Trash trash) throws IOException {
    this.root = Files.createDirectories(imageRoot.resolve("containers"));
    this.trash = trash;
    try (Stream<Path> directories = Files.list(root)) {
      for (Path directory : directories.toList()) {
        load(directory);
      }
    }
  }

  private void load(Path directory) throws IOException {
    Path record = directory.resolve(RECORD);
    String id = directory.getFileName().toString();
    List<String> lines = Files.exists(record) ? Files.readAllLines(record) : List.of();
    if (lines.size() < 2 || !Digest.isDigest(lines.getFirst())) {
      LOG.log(Level.WARNING, "writable layer of container {0} was never finished: removed", id);
      trash.discard(directory);
      return;
    }
    byContainer.put(id, layer(id, directory, lines));
  }

  private static WritableLayer layer(String id, Path directory, List<String> lines) {
    return new WritableLayer(
        id,
        lines.getFirst(),
        directory.resolve("upper"),
        directory.resolve("work"),
        lines.subList(1, lines.size()).stream().map(Path::of).toList());
  }

  WritableLayer create(String containerId, String imageId, List<Path> lower) throws IOException {
    WritableLayer known = byContainer.get(containerId);
    if (known != null) {
      if (known.imageId().equals(imageId)) {
        return known;
      }
      throw new IOException(
          "container " + containerId + " has a layer on image " + known.imageId());
    }
    Path directory = Files.createDirectory(root.resolve(containerId));
    boolean done = false;
    try {
      Path upper = Files.createDirectory(directory.resolve("upper"));
      Paths.linux().fchmodAt(null, upper.toString(), 0755); // whatever the umask is
      Files.createDirectory(directory.resolve("work"));
      List<String> lines = new ArrayList<>();
      lines.add(imageId);
      lower.forEach(p -> lines.add(p.toString()));
      // Last: without it the layer counts as never made. Not flushed: it dies with its container.
      Files.write(directory.resolve(RECORD), lines, StandardCharsets.UTF_8);
      WritableLayer made = layer(containerId, directory, lines);
      byContainer.put(containerId, made);
      done = true;
      return made;
    } finally {
      if (!done) {
        trash.discard(directory);
      }
    }
  }

  Optional<WritableLayer> get(String containerId) {
    return Optional.ofNullable(byContainer.get(containerId));
  }

  List<WritableLayer> all() {
    return List.copyOf(byContainer.values());
  }

  void remove(String containerId) throws IOException {
    byContainer.remove(containerId);
    trash.discard(root.resolve(containerId));
  }

  FsUsage usage(String containerId) throws IOException {
    Path upper = root.resolve(containerId).resolve("upper");
    DiskUse use = DiskUse.of(upper);
    return new FsUsage(upper, use.bytes(), use.inodes(), Instant.now());
  }
}
