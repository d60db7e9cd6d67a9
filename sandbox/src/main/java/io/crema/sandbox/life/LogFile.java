package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;

import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.PodConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A container's CRI log file. */
final class LogFile {
  private static final int MODE = 0640;

  private LogFile() {}

  /** Its absolute path; empty when the client wants no log. */
  static String path(PodConfig pod, ContainerConfig config) throws SandboxException {
    if (config.logPath().isEmpty() || pod.logDirectory().isEmpty()) {
      return "";
    }
    Path directory = Path.of(pod.logDirectory()).normalize();
    Path file = directory.resolve(config.logPath()).normalize();
    if (!file.startsWith(directory) || file.equals(directory)) {
      throw new SandboxException(
          INVALID_ARGUMENT,
          "log_path " + config.logPath() + ": leads out of log_directory " + pod.logDirectory());
    }
    return file.toString();
  }

  /**
   * Opens it to append, making it and its directory when missing; never through a symbolic link.
   */
  static Fd open(String path) throws IOException {
    Path parent = Path.of(path).getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    return Paths.linux()
        .open(path, Paths.O_WRONLY | Paths.O_CREAT | Paths.O_APPEND | Paths.noFollowFlag(), MODE);
  }
}
