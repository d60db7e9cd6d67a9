package io.crema.sandbox.store;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * A directory of records, one JSON file each, named by id.
 *
 * <p>A record is written to a file of its own and renamed over the old one, so that a daemon killed
 * at any instant leaves the old or the new record, never a torn one. There is no fsync: a record
 * describes processes, and those don't survive the power loss that an fsync would guard against;
 * rename replaces atomically for everything short of that. A record that can't be read is set aside
 * as {@code ID.json.damaged} and named in the log; it doesn't keep the daemon from starting.
 *
 * @param <R> the record's type
 */
public final class RecordStore<R> {
  private static final Logger LOG = System.getLogger("io.crema.sandbox.store");
  private static final String SUFFIX = ".json";
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path directory;
  private final Class<R> type;
  private final AtomicLong writes = new AtomicLong();

  /** Records of {@code type} in {@code directory}, which is made when it isn't there. */
  public RecordStore(Path directory, Class<R> type) throws IOException {
    this.directory = Files.createDirectories(directory);
    this.type = type;
  }

  /** Makes {@code record} what is known of {@code id}. */
  public void save(String id, R record) throws IOException {
    Path aside = directory.resolve(id + ".tmp" + writes.incrementAndGet());
    try {
      Files.write(aside, JSON.writeValueAsBytes(record));
      Files.move(aside, directory.resolve(id + SUFFIX), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Files.deleteIfExists(aside);
      throw e;
    }
  }

  /** Forgets {@code id}; it need not be known. */
  public void delete(String id) throws IOException {
    Files.deleteIfExists(directory.resolve(id + SUFFIX));
  }

  /** Every record that can be read. */
  public List<R> loadAll() throws IOException {
    List<R> records = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (name.endsWith(SUFFIX)) {
          load(file, records);
        } else if (name.contains(".tmp")) {
          Files.deleteIfExists(file); // of a daemon that was killed while it wrote
        }
      }
    }
    return records;
  }

  private void load(Path file, List<R> into) throws IOException {
    try {
      into.add(JSON.readValue(Files.readAllBytes(file), type));
    } catch (NoSuchFileException e) {
      LOG.log(Level.DEBUG, "{0} went away while records were read", file);
    } catch (JacksonException | IllegalArgumentException | NullPointerException e) {
      Path damaged = file.resolveSibling(file.getFileName() + ".damaged");
      Files.move(file, damaged, StandardCopyOption.REPLACE_EXISTING);
      LOG.log(Level.ERROR, "damaged record set aside as " + damaged + ": " + e.getMessage(), e);
    }
  }
}
