package io.crema.image.store;

import io.crema.image.model.Digest;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;

/** The images there are: one flushed file each, and all of them in memory. */
public final class ImageRecords {
  private static final Logger LOG = System.getLogger("io.crema.image.store");
  private static final String SUFFIX = ".json";

  private final Path directory;
  private final Map<Digest, ImageRecord> byId = new ConcurrentSkipListMap<>();

  /** Reads {@code root/images}; a damaged record is set aside and named in the log. */
  public ImageRecords(Path root) throws IOException {
    directory = Files.createDirectories(root.resolve("images"));
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (name.endsWith(SUFFIX)) {
          load(file);
        } else if (name.endsWith(DurableFiles.ASIDE)) {
          Files.deleteIfExists(file);
        }
      }
    }
    settleTags();
  }

  private void load(Path file) throws IOException {
    try {
      ImageRecord record = ImageRecord.decode(Files.readAllBytes(file));
      if (!file.equals(file(record.config()))) {
        throw new IllegalArgumentException("it is of image " + record.config());
      }
      byId.put(record.config(), record);
    } catch (JacksonException | IllegalArgumentException e) {
      setAside(file, e);
    }
  }

  private static void setAside(Path file, Exception why) throws IOException {
    Path aside = file.resolveSibling(file.getFileName() + ".damaged");
    Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
    LOG.log(Level.ERROR, "damaged image record set aside as {0}: {1}", aside, why.getMessage());
  }

  /** Forgets an image that can't be used, keeping its record for a person to look at. */
  public void setAside(Digest id, Exception why) throws IOException {
    setAside(file(id), why);
    byId.remove(id);
  }

  /**
   * A tag that a crash left with two images is that of the one recorded last: a pull names the new
   * image before it takes the tag from the old one.
   */
  private void settleTags() throws IOException {
    Map<Digest, FileTime> times = new HashMap<>();
    for (Digest id : byId.keySet()) {
      times.put(id, Files.getLastModifiedTime(file(id))); // saving below changes them
    }
    List<ImageRecord> latestFirst = new ArrayList<>(byId.values());
    latestFirst.sort(Comparator.comparing((ImageRecord r) -> times.get(r.config())).reversed());
    Set<String> owned = new HashSet<>();
    for (ImageRecord record : latestFirst) {
      ImageRecord kept = record;
      for (String tag : record.tags()) {
        if (!owned.add(tag)) {
          kept = kept.without(tag);
        }
      }
      if (!kept.equals(record)) {
        save(kept);
      }
    }
  }

  private Path file(Digest id) {
    return directory.resolve(id.hex() + SUFFIX);
  }

  /** Makes {@code record} what is known of its image, durably. */
  public void save(ImageRecord record) throws IOException {
    DurableFiles.write(file(record.config()), record.encode());
    byId.put(record.config(), record);
  }

  /** Forgets an image; an unknown one is fine. */
  public void delete(Digest id) throws IOException {
    Files.deleteIfExists(file(id));
    byId.remove(id);
  }

  public Optional<ImageRecord> get(Digest id) {
    return Optional.ofNullable(byId.get(id));
  }

  /** All images, ordered by id. */
  public Collection<ImageRecord> all() {
    return List.copyOf(byId.values());
  }
}
