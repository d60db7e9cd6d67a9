package io.crema.runtime.cgroup;

import io.crema.runtime.linux.Bpf;
import io.crema.runtime.linux.Descriptors;
import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@link CgroupFiles} of the kernel. */
final class KernelCgroupFiles implements CgroupFiles {
  /** On the directory itself, so that it is known after a restart, and by every daemon. */
  private static final String MARK = "trusted.crema.made";

  private final Paths paths = Paths.linux();
  private final Descriptors descriptors = Descriptors.linux();

  @Override
  public boolean makeDirectory(Path directory) throws IOException {
    return paths.mkdirAtIfAbsent(null, directory.toString(), 0755);
  }

  @Override
  public boolean removeDirectory(Path directory) throws IOException {
    try {
      paths.unlinkAt(null, directory.toString(), Paths.AT_REMOVEDIR);
      return true;
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
  }

  @Override
  public boolean exists(Path file) throws IOException {
    return paths.statIfPresent(null, file.toString()) != null;
  }

  @Override
  public @Nullable String read(Path file) throws IOException {
    try (Fd fd = paths.open(file.toString(), Paths.O_RDONLY, 0)) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      byte[] chunk = new byte[4096];
      int n;
      while ((n = descriptors.read(fd, chunk, 0, chunk.length)) > 0) {
        all.write(chunk, 0, n);
      }
      return all.toString(StandardCharsets.UTF_8);
    } catch (ErrnoException e) {
      // ENODEV: the group was removed between open and read
      if (e.is(Errno.ENOENT) || e.is(Errno.ENODEV)) {
        return null;
      }
      throw e;
    }
  }

  @Override
  public void write(Path file, String value) throws IOException {
    try (Fd fd = paths.open(file.toString(), Paths.O_WRONLY, 0)) {
      descriptors.writeAll(fd, value.getBytes(StandardCharsets.UTF_8));
    } catch (ErrnoException e) {
      ErrnoException named = new ErrnoException(e.call(), file + ", \"" + value + "\"", e.number());
      named.initCause(e);
      throw named;
    }
  }

  @Override
  public List<Path> subgroups(Path directory) throws IOException {
    List<Path> out = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, Files::isDirectory)) {
      entries.forEach(out::add);
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    }
    return out;
  }

  @Override
  public boolean mark(Path directory) throws IOException {
    try {
      paths.lsetxattr(directory.toString(), MARK, new byte[] {'1'});
      return true;
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOTSUP) || e.is(Errno.EPERM)) {
        return false;
      }
      throw e;
    }
  }

  @Override
  public boolean isMarked(Path directory) throws IOException {
    try {
      return paths.lgetxattr(directory.toString(), MARK) != null;
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTSUP)) {
        return false;
      }
      throw e;
    }
  }

  @Override
  public Fd openDirectory(Path directory) throws IOException {
    return paths.open(directory.toString(), Paths.O_RDONLY | Paths.directoryFlag(), 0);
  }

  @Override
  public void attachDeviceProgram(Path directory, byte[] instructions) throws IOException {
    try (Fd cgroup = openDirectory(directory)) {
      Bpf.linux().replaceDeviceProgram(cgroup, instructions);
    }
  }
}
