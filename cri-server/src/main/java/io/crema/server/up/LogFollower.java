package io.crema.server.up;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Reads a container's CRI log as it grows: {@code TIME STREAM P|F CONTENT}, where P lines are the
 * beginning of a longer one (kubernetes cri-client logs.go).
 */
final class LogFollower {
  private final Path file;
  private final String prefix;
  private final Screen screen;
  private final ByteArrayOutputStream pending = new ByteArrayOutputStream();
  private final StringBuilder partial = new StringBuilder();
  private final ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
  private long position;

  LogFollower(Path file, String prefix, Screen screen) {
    this.file = file;
    this.prefix = prefix;
    this.screen = screen;
  }

  /** Shows what was written since the last time. */
  synchronized void drain() throws IOException {
    if (!Files.exists(file)) {
      return;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      for (int read = read(channel); read > 0; read = read(channel)) {
        for (int i = 0; i < read; i++) {
          byte next = buffer.get(i);
          if (next == '\n') {
            show(pending.toString(StandardCharsets.UTF_8));
            pending.reset();
          } else {
            pending.write(next);
          }
        }
      }
    }
  }

  private int read(FileChannel channel) throws IOException {
    buffer.clear();
    int read = channel.read(buffer, position);
    position += Math.max(0, read);
    return read;
  }

  private void show(String line) {
    String[] parts = line.split(" ", 4);
    if (parts.length < 3) {
      return;
    }
    partial.append(parts.length > 3 ? parts[3] : "");
    if (!parts[2].startsWith("P")) {
      screen.line(parts[1].equals("stderr"), prefix + " | " + partial);
      partial.setLength(0);
    }
  }
}
