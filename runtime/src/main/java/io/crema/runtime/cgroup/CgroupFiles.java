package io.crema.runtime.cgroup;

import io.crema.runtime.linux.Fd;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is done to a cgroup file system; tests put a recorded tree behind it. */
interface CgroupFiles {
  /** Makes a directory; false when it is there already. */
  boolean makeDirectory(Path directory) throws IOException;

  /** Removes a directory; false when it isn't there. */
  boolean removeDirectory(Path directory) throws IOException;

  /** Whether there is a file or directory of that name. */
  boolean exists(Path file) throws IOException;

  /** The content, or null when there is no such file (any more). */
  @Nullable String read(Path file) throws IOException;

  /** Writes {@code value} by one write(2), as the kernel expects. */
  void write(Path file, String value) throws IOException;

  /** The groups right below {@code directory}; empty when it isn't there. */
  List<Path> subgroups(Path directory) throws IOException;

  /** Marks a directory as made by Crema; false when the file system can't remember that. */
  boolean mark(Path directory) throws IOException;

  /** Whether {@link #mark} was called on it. */
  boolean isMarked(Path directory) throws IOException;

  /** A descriptor of the directory; the caller's. */
  Fd openDirectory(Path directory) throws IOException;

  /** Attaches a program of type BPF_PROG_TYPE_CGROUP_DEVICE in place of what is there. */
  void attachDeviceProgram(Path directory, byte[] instructions) throws IOException;
}
