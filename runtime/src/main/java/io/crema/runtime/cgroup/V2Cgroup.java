package io.crema.runtime.cgroup;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@link Cgroup} in the unified hierarchy. */
final class V2Cgroup implements Cgroup {
  private final CgroupFiles files;
  private final Directories directories;
  private final CgroupPath path;
  private final Path directory;

  V2Cgroup(CgroupFiles files, Directories directories, CgroupPath path) {
    this.files = files;
    this.directories = directories;
    this.path = path;
    this.directory = directories.of(path);
  }

  @Override
  public CgroupPath path() {
    return path;
  }

  @Override
  public List<Path> joinFiles() {
    return List.of();
  }

  @Override
  public @Nullable Fd openForClone() throws IOException {
    return files.openDirectory(directory);
  }

  @Override
  public List<Path> directories() {
    return List.of(directory);
  }

  @Override
  public void add(int pid) throws IOException {
    files.write(directory.resolve("cgroup.procs"), Integer.toString(pid));
  }

  @Override
  public void update(Resources change) throws IOException {
    new V2Limits(files, directory, path).apply(change);
  }

  @Override
  public Resources inForce() throws IOException {
    return V2Reader.inForce(new Values(files, directory));
  }

  @Override
  public CgroupUsage usage() throws IOException {
    return V2Reader.usage(new Values(files, directory));
  }

  @Override
  public CgroupStats stats() throws IOException {
    return V2Reader.stats(new Values(files, directory));
  }

  @Override
  public long oomKills() throws IOException {
    return new Values(files, directory).table("memory.events").getOrDefault("oom_kill", 0L);
  }

  @Override
  public List<Integer> processes() throws IOException {
    return new Values(files, directory).processes();
  }

  @Override
  public void kill() throws IOException {
    try {
      files.write(directory.resolve("cgroup.kill"), "1");
    } catch (ErrnoException e) {
      if (!e.is(Errno.ENOENT) && !e.is(Errno.ENODEV)) {
        throw e;
      }
      // before Linux 5.14, or there is no such group, and then nothing is listed
      for (Path group : Tree.bottomUp(files, directory)) {
        Ending.killAll(new Values(files, group)::processes);
      }
    }
  }

  @Override
  public void freeze() throws IOException {
    files.write(directory.resolve("cgroup.freeze"), "1");
    Ending.await(
        "cgroup " + path + " to freeze",
        () -> new Values(files, directory).table("cgroup.events").getOrDefault("frozen", 0L) == 1);
  }

  @Override
  public void thaw() throws IOException {
    files.write(directory.resolve("cgroup.freeze"), "0");
  }

  @Override
  public void remove(Duration patience) throws IOException {
    Tree.remove(files, directory, path, System.nanoTime() + patience.toNanos());
    directories.removeParents(path);
  }
}
