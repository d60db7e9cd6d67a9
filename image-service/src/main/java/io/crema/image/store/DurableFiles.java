package io.crema.image.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Writes that are whole or absent, whatever happens to the daemon or to the power. */
public final class DurableFiles {
  /** Ends the names of files that are being written; such a file left over is garbage. */
  public static final String ASIDE = ".tmp";

  private DurableFiles() {}

  /** Replaces or makes {@code file} with {@code content}. */
  public static void write(Path file, byte[] content) throws IOException {
    Path directory = parent(file);
    Path aside = directory.resolve("." + UUID.randomUUID() + ASIDE);
    try {
      try (FileChannel out =
          FileChannel.open(aside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer rest = ByteBuffer.wrap(content);
        while (rest.hasRemaining()) {
          out.write(rest);
        }
        out.force(true);
      }
      rename(aside, file);
    } catch (IOException e) {
      Files.deleteIfExists(aside);
      throw e;
    }
  }

  /** Renames within one file system and flushes the directory that gets the name. */
  public static void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    flushDirectory(parent(to));
  }

  /** Makes names added to or removed from {@code directory} durable. */
  public static void flushDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static Path parent(Path file) throws IOException {
    Path directory = file.getParent();
    if (directory == null) {
      throw new IOException(file + " has no directory");
    }
    return directory;
  }
}
