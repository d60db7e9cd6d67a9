package io.crema.e2e;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A CRI daemon with directories of its own, which a test may kill and start again. Owns the process
 * and the directories.
 *
 * <pre>
 *   started --kill()--> killed --start()--> started --stop()--> stopped
 * </pre>
 */
public final class Daemon implements AutoCloseable {

  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration STOP = Duration.ofSeconds(30);

  private final Node node;
  private final Path directory;
  private final Path run;
  private final Path log;
  private final List<String> command;
  private Process process;

  private Daemon(Node node, Path directory, Path run, Path log, List<String> command)
      throws IOException {
    this.node = node;
    this.directory = directory;
    this.run = run;
    this.log = log;
    this.command = command;
    this.process = launch();
  }

  /**
   * Starts a daemon that has nothing yet. {@code name} tells its directories and log from others'.
   */
  static Daemon fresh(Node node, String name) throws IOException {
    Path directory = Files.createDirectories(node.directory().resolve(name));
    Path run = Files.createDirectories(Path.of("/run", name));
    Path log =
        Files.createDirectories(node.checkout().resolve("e2e/target/daemons"))
            .resolve(name + ".log");
    Files.deleteIfExists(log);
    Path hosts = node.writeHosts(directory.resolve("certs.d"));
    Path socket = run.resolve("cri.sock");
    List<String> command =
        switch (node.engine()) {
          case CREMA ->
              List.of(
                  node.checkout().resolve("crema").toString(),
                  "serve",
                  "--root=" + directory.resolve("root"),
                  "--state=" + run.resolve("state"),
                  "--address=" + socket,
                  "--certs-dir=" + hosts);
          case CONTAINERD ->
              List.of(
                  node.peers().resolve("containerd").toString(),
                  "--config",
                  Containerd.configure(node, directory, run, socket).toString());
        };
    Daemon daemon = new Daemon(node, directory, run, log, command);
    try {
      daemon.awaitReady();
    } catch (AssertionError | IOException e) {
      daemon.close();
      throw e;
    }
    return daemon;
  }

  /** The CRI socket. */
  public Path socket() {
    return run.resolve("cri.sock");
  }

  /** Where the daemon and its test keep their files: gone when the daemon is closed. */
  public Path directory() {
    return directory;
  }

  /** crictl talking to this daemon. */
  public Crictl crictl() {
    return new Crictl(node.clients().resolve("crictl"), socket());
  }

  /** The daemon's process. */
  public ProcessHandle process() {
    return process.toHandle();
  }

  /** How many descriptors the daemon has open. */
  public long openDescriptors() throws IOException {
    try (Stream<Path> fds = Files.list(Path.of("/proc", Long.toString(process.pid()), "fd"))) {
      return fds.count();
    }
  }

  /** Ends the daemon with SIGKILL, at once. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Starts the daemon again on what it left, and waits until it answers. */
  public void start() throws IOException {
    if (process.isAlive()) {
      throw new IllegalStateException("the daemon runs already");
    }
    process = launch();
    awaitReady();
  }

  /** Ends the daemon as a service manager does, and keeps its directories. */
  public void stop() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(STOP.toMillis(), TimeUnit.MILLISECONDS)) {
      kill();
      throw new AssertionError(
          "the daemon did not end within %s of SIGTERM; log: %s".formatted(STOP, log));
    }
  }

  @Override
  public void close() throws IOException {
    try {
      if (process.isAlive()) {
        stop();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      Trees.delete(directory);
      Trees.delete(run);
    }
  }

  private Process launch() throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    // The launcher must have replaced itself by the daemon, for kill() to end the daemon and not
    // its launcher.
    builder
        .environment()
        .merge("PATH", node.peers().toString(), (path, peers) -> peers + ":" + path);
    return builder.start();
  }

  private void awaitReady() throws IOException {
    try (WatchService watch = FileSystems.getDefault().newWatchService()) {
      run.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
      long deadline = System.nanoTime() + START.toNanos();
      while (!answers()) {
        if (!process.isAlive() || System.nanoTime() > deadline) {
          throw new AssertionError(
              "%s: %s; the end of %s:%n%s"
                  .formatted(
                      String.join(" ", command),
                      process.isAlive()
                          ? "does not listen after " + START
                          : "ended with " + process.exitValue(),
                      log,
                      tail()));
        }
        // The socket's appearance is an event; that it's listened on, a moment later, is not.
        var key = watch.poll(20, TimeUnit.MILLISECONDS);
        if (key != null) {
          key.pollEvents();
          key.reset();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while the daemon started", e);
    }
  }

  private boolean answers() {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return channel.connect(UnixDomainSocketAddress.of(socket()));
    } catch (IOException e) {
      return false; // not there yet, or left by a daemon that was killed
    }
  }

  private String tail() throws IOException {
    List<String> lines = Files.readAllLines(log);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
  }
}
