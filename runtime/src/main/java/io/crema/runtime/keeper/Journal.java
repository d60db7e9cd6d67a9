package io.crema.runtime.keeper;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a keeper wrote down, for when it is gone. One line per fact:
 *
 * <pre>
 * started LAUNCH NAME PID NANOSECONDS
 * exited LAUNCH NAME PID WAIT-STATUS NANOSECONDS
 * </pre>
 *
 * The nanoseconds are of CLOCK_REALTIME. A last line without its newline was torn by the keeper's
 * death and doesn't count.
 */
public final class Journal {
  static final String FILE = "journal";

  private Journal() {}

  /** A line of the journal. */
  public sealed interface Entry {
    long launchId();

    String name();
  }

  /** execve of a launch succeeded. */
  public record Started(long launchId, String name, int pid, Instant at) implements Entry {}

  /** A launch that had started ended. */
  public record Exited(long launchId, String name, Exit exit) implements Entry {}

  /** All entries of the journal in {@code podDirectory}, in order; none when there is no file. */
  public static List<Entry> read(Path podDirectory) throws IOException {
    try {
      return parse(Files.readAllBytes(podDirectory.resolve(FILE)));
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }

  /** The exits in {@code podDirectory}'s journal by launch. */
  public static Map<Long, Exit> exits(Path podDirectory) throws IOException {
    Map<Long, Exit> exits = new TreeMap<>();
    for (Entry entry : read(podDirectory)) {
      if (entry instanceof Exited e) {
        exits.put(e.launchId(), e.exit());
      }
    }
    return exits;
  }

  /** The entries in {@code bytes}; lines that are none are left out. */
  static List<Entry> parse(byte[] bytes) {
    List<Entry> entries = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        line(new String(bytes, from, i - from, StandardCharsets.UTF_8), entries);
        from = i + 1;
      }
    }
    return List.copyOf(entries);
  }

  private static void line(String line, List<Entry> entries) {
    String[] w = line.split(" ", -1);
    try {
      if (w.length == 5 && w[0].equals("started")) {
        entries.add(
            new Started(
                Long.parseLong(w[1]),
                w[2],
                Integer.parseInt(w[3]),
                Wire.instant(Long.parseLong(w[4]))));
      } else if (w.length == 6 && w[0].equals("exited")) {
        long id = Long.parseLong(w[1]);
        entries.add(
            new Exited(
                id,
                w[2],
                new Exit(
                    id,
                    Integer.parseInt(w[3]),
                    Integer.parseInt(w[4]),
                    Wire.instant(Long.parseLong(w[5])))));
      }
    } catch (NumberFormatException _) {
      // Not a line of ours: a damaged line must not hide the others.
    }
  }
}
