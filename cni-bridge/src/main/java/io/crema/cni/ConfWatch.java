package io.crema.cni;

import io.crema.cni.NetworkException.Kind;
import io.crema.cni.plugin.ConfDirectory;
import io.crema.cni.plugin.NetworkList;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The network configuration that is in force, kept so by inotify(7). While the directory isn't
 * there, the nearest directory above it is watched.
 */
final class ConfWatch implements AutoCloseable {
  private static final Logger LOG = System.getLogger("io.crema.cni");

  private record State(@Nullable NetworkList network, @Nullable String problem) {}

  private final Path dir;
  private final ConfDirectory configurations;
  private final WatchService watcher;
  private final Thread thread;
  private volatile State state = new State(null, null);

  private ConfWatch(Path dir, WatchService watcher) {
    this.dir = dir;
    this.configurations = new ConfDirectory(dir);
    this.watcher = watcher;
    this.thread =
        Thread.ofPlatform()
            .name("crema-cni-conf")
            .daemon()
            .stackSize(256 * 1024)
            .unstarted(this::run);
  }

  static ConfWatch open(Path dir) throws IOException {
    ConfWatch watch = new ConfWatch(dir, dir.getFileSystem().newWatchService());
    try {
      watch.register();
      watch.load();
      watch.thread.start();
      return watch;
    } catch (IOException | RuntimeException e) {
      watch.watcher.close();
      throw e;
    }
  }

  private WatchKey register() throws IOException {
    while (true) {
      Path watched = dir.toAbsolutePath();
      while (!Files.isDirectory(watched)) {
        watched = Objects.requireNonNull(watched.getParent());
      }
      WatchKey key =
          watched.register(
              watcher,
              StandardWatchEventKinds.ENTRY_CREATE,
              StandardWatchEventKinds.ENTRY_MODIFY,
              StandardWatchEventKinds.ENTRY_DELETE);
      if (watched.equals(dir.toAbsolutePath()) || !Files.isDirectory(next(watched))) {
        return key;
      }
      key.cancel(); // the next one down came in between
    }
  }

  /** The directory below {@code watched} on the way to ours. */
  private Path next(Path watched) {
    Path whole = dir.toAbsolutePath();
    return watched.resolve(whole.getName(watched.getNameCount()));
  }

  private void run() {
    try {
      while (true) {
        WatchKey key = watcher.take();
        key.pollEvents();
        boolean valid = key.reset();
        if (!valid || !key.watchable().equals(dir.toAbsolutePath())) {
          key.cancel();
          register();
        }
        load();
      }
    } catch (ClosedWatchServiceException e) {
      LOG.log(Level.DEBUG, "{0} is watched no more", dir);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.ERROR, "changes in " + dir + " go unnoticed from now on", e);
    }
  }

  private void load() {
    State before = state;
    State now;
    try {
      now = new State(configurations.load().orElse(null), null);
    } catch (IOException e) {
      now = new State(null, "read CNI configuration in " + dir + ": " + e.getMessage());
    } catch (IllegalArgumentException e) {
      now = new State(null, String.valueOf(e.getMessage()));
    }
    if (now.equals(before)) {
      return;
    }
    state = now;
    if (now.problem() != null) {
      LOG.log(Level.WARNING, "{0}", now.problem());
    } else if (now.network() != null) {
      LOG.log(
          Level.INFO,
          "new pods get network {0} of {1}",
          now.network().name(),
          now.network().source());
    } else {
      LOG.log(Level.INFO, "no CNI configuration is left in {0}", dir);
    }
  }

  boolean isPresent() {
    State s = state;
    return s.network() != null || s.problem() != null;
  }

  /** The configuration, unless there is none or it is bad. */
  Optional<NetworkList> ifGood() {
    return Optional.ofNullable(state.network());
  }

  /** The configuration. */
  NetworkList current() throws NetworkException {
    State s = state;
    if (s.network() != null) {
      return s.network();
    }
    throw new NetworkException(
        Kind.UNAVAILABLE,
        s.problem() != null ? s.problem() : "there is no CNI configuration in " + dir + " yet");
  }

  @Override
  public void close() {
    try {
      watcher.close();
      thread.join();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "stop watching " + dir, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
