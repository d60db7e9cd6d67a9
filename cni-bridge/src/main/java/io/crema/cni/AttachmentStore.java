package io.crema.cni;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * One small file per attached pod, written aside and renamed.
 *
 * <p>The records have to outlive the daemon, not the kernel: what they name is gone after a reboot.
 * So nothing is flushed to the disk, and a record of another boot is dropped.
 */
final class AttachmentStore {
  private static final Logger LOG = System.getLogger("io.crema.cni");
  private static final JsonMapper JSON = new JsonMapper();
  private static final String SUFFIX = ".json";
  private static final String ASIDE = ".tmp";
  private static final String BAD = ".bad";

  private final Path dir;
  private final String bootId;

  AttachmentStore(Path dir, String bootId) throws IOException {
    this.dir = Files.createDirectories(dir);
    this.bootId = bootId;
  }

  /** The records of this boot, oldest first. One that can't be read is set aside and reported. */
  List<Attachment> load() throws IOException {
    List<Attachment> out = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(dir)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (name.endsWith(ASIDE)) {
          Files.deleteIfExists(file);
        } else if (name.endsWith(SUFFIX)) {
          load(file, out);
        }
      }
    }
    out.sort(Comparator.comparingLong(Attachment::sequence));
    return out;
  }

  private void load(Path file, List<Attachment> out) throws IOException {
    try {
      Attachment a = JSON.readValue(Files.readAllBytes(file), Attachment.class);
      if (!a.bootId().equals(bootId)) {
        Files.deleteIfExists(file);
      } else if (!file.equals(file(a.sandboxId()))) {
        setAside(file, "it names sandbox " + a.sandboxId());
      } else {
        out.add(a);
      }
    } catch (JacksonException e) {
      setAside(file, e.getOriginalMessage());
    } catch (IllegalArgumentException | NullPointerException | IOException e) {
      setAside(file, String.valueOf(e.getMessage()));
    }
  }

  /** What it should have told is learnt from the kernel, see {@link Leftovers}. */
  private static void setAside(Path file, String why) throws IOException {
    Path bad = file.resolveSibling(file.getFileName() + BAD);
    LOG.log(Level.WARNING, "network record {0} is damaged, kept as {1}: {2}", file, bad, why);
    Files.move(file, bad, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  void write(Attachment a) throws IOException {
    Path aside = dir.resolve(a.sandboxId() + ASIDE);
    Files.write(aside, JSON.writeValueAsBytes(a));
    Files.move(aside, file(a.sandboxId()), StandardCopyOption.ATOMIC_MOVE);
  }

  void delete(String sandboxId) throws IOException {
    try {
      Files.delete(file(sandboxId));
    } catch (NoSuchFileException e) {
      LOG.log(Level.DEBUG, "network record of {0} was gone already", sandboxId);
    }
  }

  private Path file(String sandboxId) {
    return dir.resolve(sandboxId + SUFFIX);
  }
}
