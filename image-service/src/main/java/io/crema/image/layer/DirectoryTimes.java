package io.crema.image.layer;

import io.crema.runtime.linux.FileNames;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The modification times that directories get when their content is complete. In a scratch file,
 * not in memory: a hostile layer may have millions of directories.
 */
final class DirectoryTimes implements AutoCloseable {
  private final Path file;
  private @Nullable DataOutputStream out;
  private long count;

  /** Uses {@code file}, which must not exist. */
  DirectoryTimes(Path file) {
    this.file = file;
  }

  /** One directory's time. */
  @FunctionalInterface
  interface Visitor {
    void visit(String path, long seconds, int nanos) throws IOException;
  }

  void add(String path, long seconds, int nanos) throws IOException {
    if (out == null) {
      out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file), 64 * 1024));
    }
    byte[] name = FileNames.encode(path);
    out.writeShort(name.length);
    out.write(name);
    out.writeLong(seconds);
    out.writeInt(nanos);
    count++;
  }

  /** Visits what was added, in order: a later time of the same directory wins. */
  void replay(Visitor visitor) throws IOException {
    if (out == null) {
      return;
    }
    out.flush();
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 64 * 1024))) {
      for (long i = 0; i < count; i++) {
        byte[] name = new byte[in.readUnsignedShort()];
        in.readFully(name);
        long seconds = in.readLong();
        visitor.visit(FileNames.decode(name, 0, name.length), seconds, in.readInt());
      }
    }
  }

  @Override
  public void close() throws IOException {
    if (out != null) {
      out.close();
      Files.delete(file);
    }
  }
}
