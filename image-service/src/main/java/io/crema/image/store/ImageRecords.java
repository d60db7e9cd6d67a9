package io.crema.image.store;

import io.crema.image.model.Digest;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
  }

  private void load(Path file) throws IOException {
    try {
      ImageRecord record = ImageRecord.decode(Files.readAllBytes(file));
      byId.put(record.config(), record);
    } catch (JacksonException | IllegalArgumentException e) {
      Path aside = file.resolveSibling(file.getFileName() + ".damaged");
      Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
      LOG.log(Level.ERROR, "damaged image record set aside as " + aside, e);
    }
  }

  /** Makes {@code record} what is known of its image, durably. */
  public void save(ImageRecord record) throws IOException {
    DurableFiles.write(directory.resolve(record.config().hex() + SUFFIX), record.encode());
    byId.put(record.config(), record);
  }

  /** Forgets an image; an unknown one is fine. */
  public void delete(Digest id) throws IOException {
    Files.deleteIfExists(directory.resolve(id.hex() + SUFFIX));
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
