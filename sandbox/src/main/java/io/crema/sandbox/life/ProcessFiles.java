package io.crema.sandbox.life;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What proc(5) tells of a container's processes; those that end meanwhile count as without. */
final class ProcessFiles {
  private static final Path PROC = Path.of("/proc");
  private static final String OPEN_FILES = "Max open files";

  private static final Logger LOG = System.getLogger("io.crema.sandbox");

  private ProcessFiles() {}

  /** Open descriptors, and those of them that are sockets. */
  record Descriptors(long all, long sockets) {}

  static Descriptors descriptors(List<Integer> pids) {
    long all = 0;
    long sockets = 0;
    for (int pid : pids) {
      try (DirectoryStream<Path> fds =
          Files.newDirectoryStream(PROC.resolve(Integer.toString(pid)).resolve("fd"))) {
        for (Path fd : fds) {
          all++;
          sockets += isSocket(fd) ? 1 : 0;
        }
      } catch (IOException | DirectoryIteratorException e) {
        LOG.log(Level.TRACE, "process {0} has ended while it was looked at", pid);
      }
    }
    return new Descriptors(all, sockets);
  }

  private static boolean isSocket(Path fd) {
    try {
      return Files.readSymbolicLink(fd).toString().startsWith("socket:");
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }

  /** The soft limit of open files; -1 when it is unlimited or the process has ended. */
  static long openFilesLimit(int pid) {
    try {
      for (String line :
          Files.readAllLines(PROC.resolve(Integer.toString(pid)).resolve("limits"))) {
        if (line.startsWith(OPEN_FILES)) {
          String soft = line.substring(OPEN_FILES.length()).strip().split("\\s+", 2)[0];
          return soft.equals("unlimited") ? -1 : Long.parseLong(soft);
        }
      }
    } catch (IOException e) {
      return -1; // it has ended
    }
    return -1;
  }
}
