package io.crema.sandbox.cdi;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The devices of this node. Files are read when a container asks for devices, and only then: they
 * are few, and what a vendor has just written counts.
 */
public final class CdiRegistry {
  /**
   * Where vendors put their files; the later directory wins (SPEC.md, and containerd's default).
   */
  public static final List<Path> DIRECTORIES =
      List.of(Path.of("/etc/cdi"), Path.of("/var/run/cdi"));

  private final List<Path> directories;

  /** Of these directories; a later one wins. They need not exist. */
  public CdiRegistry(List<Path> directories) {
    this.directories = List.copyOf(directories);
  }

  /** A device as found, or why there is none of that name. */
  private record Found(CdiSpec spec, CdiEdits edits, int rank) {}

  /** What {@code devices} do to a container, in their order; of each file what is common once. */
  public CdiEdits resolve(List<String> devices) throws CdiException {
    List<String> problems = new ArrayList<>();
    Map<String, List<Found>> known = new HashMap<>();
    for (int rank = 0; rank < directories.size(); rank++) {
      for (Path file : files(directories.get(rank), problems)) {
        read(file, rank, known, problems);
      }
    }
    Set<Path> applied = new HashSet<>();
    CdiEdits all = CdiEdits.NONE;
    for (String name : devices) {
      Found found = find(name, known, problems);
      check(name, found);
      if (applied.add(found.spec().file())) {
        all = all.and(found.spec().edits());
      }
      all = all.and(found.edits());
    }
    return all;
  }

  private static List<Path> files(Path directory, List<String> problems) {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "*.{json,yaml}")) {
      entries.forEach(files::add);
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of(); // as most nodes
    } catch (IOException | DirectoryIteratorException e) {
      problems.add(directory + ": can't be read: " + e.getMessage());
    }
    files.sort(null);
    return files;
  }

  private static void read(
      Path file, int rank, Map<String, List<Found>> into, List<String> problems) {
    try {
      CdiSpec spec = CdiReader.read(file);
      spec.devices()
          .forEach(
              (name, edits) ->
                  into.computeIfAbsent(spec.kind() + "=" + name, _ -> new ArrayList<>())
                      .add(new Found(spec, edits, rank)));
    } catch (CdiException e) {
      problems.add(String.valueOf(e.getMessage())); // the other files are as good without it
    }
  }

  private Found find(String name, Map<String, List<Found>> known, List<String> problems)
      throws CdiException {
    if (!CdiNames.isQualified(name)) {
      throw new CdiException("CDI device \"" + name + "\": is no vendor/class=name");
    }
    List<Found> candidates = known.getOrDefault(name, List.of());
    if (candidates.isEmpty()) {
      throw new CdiException(
          "CDI device "
              + name
              + ": there is none in "
              + directories
              + (problems.isEmpty() ? "" : "; these could not be used: " + problems));
    }
    int best = candidates.stream().mapToInt(Found::rank).max().orElseThrow();
    List<Found> of = candidates.stream().filter(f -> f.rank() == best).toList();
    if (of.size() > 1) {
      throw new CdiException(
          "CDI device "
              + name
              + ": is in several files of one directory: "
              + of.stream().map(f -> f.spec().file().toString()).toList());
    }
    return of.getFirst();
  }

  private static void check(String name, Found found) throws CdiException {
    CdiEdits edits = found.spec().edits().and(found.edits());
    if (!edits.hooks().isEmpty()) {
      throw new CdiException(
          "CDI device "
              + name
              + " of "
              + found.spec().file()
              + ": needs OCI hooks, which Crema does not run: "
              + edits.hooks());
    }
    if (!edits.unsupported().isEmpty()) {
      throw new CdiException(
          "CDI device "
              + name
              + " of "
              + found.spec().file()
              + ": needs "
              + String.join(", ", edits.unsupported())
              + ", which Crema does not support");
    }
  }
}
