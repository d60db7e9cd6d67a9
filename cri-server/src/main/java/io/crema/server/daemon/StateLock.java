package io.crema.server.daemon;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** One daemon per directory: holds {@code lock} in it, which the kernel frees when we die. */
final class StateLock implements AutoCloseable {
  private final FileChannel channel;

  private StateLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Makes the directory if need be and locks it, or says who else has it. */
  static StateLock take(Path directory) throws IOException {
    Files.createDirectories(directory);
    Path file = directory.resolve("lock");
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean taken = false;
    try {
      @Nullable FileLock lock = channel.tryLock();
      if (lock == null) {
        throw new IOException(taken(directory));
      }
      taken = true;
      return new StateLock(channel);
    } catch (OverlappingFileLockException e) {
      throw new IOException(taken(directory), e);
    } finally {
      if (!taken) {
        channel.close();
      }
    }
  }

  private static String taken(Path directory) {
    return "%s is in use by another crema daemon; give this one directories of its own (--root, --state)"
        .formatted(directory);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
