package io.crema.cni.plugin;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Attachments by plugins, one file each. They outlive a reboot: the addresses that an address
 * management plugin has written down do so too, and only a DEL frees them.
 */
public final class AttachmentCache {
  private static final Logger LOG = System.getLogger("io.crema.cni");
  private static final JsonMapper JSON =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();
  private static final String ASIDE = ".tmp";
  private static final String BAD = ".bad";

  private final Path dir;
  private final Map<String, CachedAttachment> all = new ConcurrentHashMap<>();

  /** What is in {@code dir}, which is made when it isn't there. */
  public AttachmentCache(Path dir) throws IOException {
    this.dir = Files.createDirectories(dir);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(dir)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (name.endsWith(ASIDE)) {
          Files.deleteIfExists(file);
        } else if (!name.endsWith(BAD)) {
          load(file);
        }
      }
    }
  }

  private void load(Path file) throws IOException {
    String why;
    try {
      CachedAttachment a = JSON.readValue(Files.readAllBytes(file), CachedAttachment.class);
      a.network();
      if (file.equals(file(a))) {
        all.put(a.containerId(), a);
        return;
      }
      why = "it is that of " + a.containerId();
    } catch (JacksonException e) {
      why = e.getOriginalMessage();
    } catch (IllegalArgumentException | NullPointerException | IOException e) {
      why = String.valueOf(e.getMessage());
    }
    Path bad = file.resolveSibling(file.getFileName() + BAD);
    LOG.log(
        Level.ERROR,
        "network record {0} is damaged, kept as {1}: {2}; what its plugins hold is not freed",
        file,
        bad,
        why);
    Files.move(file, bad, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  public Optional<CachedAttachment> get(String sandboxId) {
    return Optional.ofNullable(all.get(sandboxId));
  }

  public Collection<CachedAttachment> all() {
    return List.copyOf(all.values());
  }

  /**
   * Writes an attachment.
   *
   * @param flush to the disk, as before an ADD, which may write to it too
   */
  public void write(CachedAttachment a, boolean flush) throws IOException {
    Path file = file(a);
    Path aside = file.resolveSibling(file.getFileName() + ASIDE);
    try (FileChannel out =
        FileChannel.open(
            aside,
            java.util.Set.of(
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      ByteBuffer bytes = ByteBuffer.wrap(JSON.writeValueAsBytes(a));
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      if (flush) {
        out.force(true);
      }
    }
    Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
    all.put(a.containerId(), a);
  }

  public void delete(CachedAttachment a) throws IOException {
    Files.deleteIfExists(file(a));
    all.remove(a.containerId());
  }

  /** As libcni names it. */
  private Path file(CachedAttachment a) {
    return dir.resolve(a.networkName() + "-" + a.containerId() + "-" + a.ifName());
  }
}
