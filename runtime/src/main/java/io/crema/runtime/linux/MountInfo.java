package io.crema.runtime.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A mount of this process's mount namespace, as far as mounts pass to and from it
 * (proc_pid_mountinfo(5), mount_namespaces(7)).
 *
 * @param mountPoint as the kernel writes it, with octal escapes
 * @param shared whether mounts pass both ways
 * @param slave whether they come in
 */
public record MountInfo(String mountPoint, boolean shared, boolean slave) {
  private static final Path SELF = Path.of("/proc/self/mountinfo");

  /** The mount that {@code path}, which has no links, is on. Reads all mounts. */
  public static MountInfo of(Path path) throws IOException {
    long id = Paths.linux().stat(null, path.toString()).mountId();
    // mount points may be any bytes
    return parse(new String(Files.readAllBytes(SELF), StandardCharsets.ISO_8859_1), id);
  }

  static MountInfo parse(String mountinfo, long id) throws IOException {
    String start = id + " ";
    for (String line : mountinfo.split("\n", -1)) {
      if (!line.startsWith(start)) {
        continue;
      }
      String[] words = line.split(" ", -1);
      boolean shared = false;
      boolean slave = false;
      for (int i = 6; i < words.length && !words[i].equals("-"); i++) { // the optional fields
        shared |= words[i].startsWith("shared:");
        slave |= words[i].startsWith("master:");
      }
      return new MountInfo(words.length > 4 ? words[4] : "", shared, slave);
    }
    throw new IOException("mount " + id + " is not in " + SELF);
  }
}
