package io.crema.image.layer;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Takes trees out of sight at once and deletes them on a thread of its own. What a crash leaves in
 * it goes at the next start.
 */
public final class Trash implements AutoCloseable {
  private static final Logger LOG = System.getLogger("io.crema.image.trash");

  private final Path directory;
  private final TreeRemover remover = new TreeRemover();
  private final ExecutorService worker =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("image-trash").daemon().factory());

  /** Uses {@code directory}, and starts to delete what is in it. */
  public Trash(Path directory) throws IOException {
    this.directory = directory;
    Files.createDirectories(directory);
    try (Stream<Path> left = Files.list(directory)) {
      left.toList().forEach(this::deleteLater);
    }
  }

  /** Moves a file or directory of the same file system here; absent is fine. */
  public void discard(Path victim) throws IOException {
    Path here = directory.resolve(UUID.randomUUID().toString());
    try {
      Files.move(victim, here, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      return;
    }
    deleteLater(here);
  }

  private void deleteLater(Path path) {
    worker.execute(
        () -> {
          try {
            if (Files.isDirectory(path, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
              remover.remove(path);
            } else {
              Files.deleteIfExists(path);
            }
          } catch (IOException e) {
            LOG.log(Level.WARNING, "can't delete " + path + "; tried again at the next start", e);
          }
        });
  }

  /** Waits until all that was discarded before is gone. */
  public void drain() throws InterruptedException {
    try {
      worker.submit(() -> {}).get();
    } catch (java.util.concurrent.ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Stops after what is being deleted; the rest goes at the next start. */
  @Override
  public void close() {
    worker.shutdownNow();
    try {
      worker.awaitTermination(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
