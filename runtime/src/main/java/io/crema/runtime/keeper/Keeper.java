package io.crema.runtime.keeper;

import io.crema.runtime.launch.LaunchPlan;
import io.crema.runtime.linux.Descriptors;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import io.crema.runtime.linux.Sockets;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A connection to one pod's keeper. Thread-safe. Requests are sent from the caller's thread, which
 * waits only while the socket is full; each answer completes its future on the {@link KeeperLoop}'s
 * thread, so that what is chained to it must not block. Futures fail with {@link LaunchException}
 * (a launch failed) or {@link KeeperException} (the keeper refused, or is gone).
 *
 * <p>Closing the connection leaves the keeper and its containers alone.
 */
public final class Keeper implements AutoCloseable {
  static final String SOCKET = "keeper.sock";
  private static final int O_PATH = 0x200000;

  private final Path podDirectory;
  private final Connection connection;
  private final Map<Long, LaunchPlan> waiting = new ConcurrentHashMap<>();

  Keeper(Path podDirectory, Fd socket, KeeperLoop loop, ExitListener listener) throws IOException {
    this.podDirectory = podDirectory;
    connection =
        new Connection(
            "keeper " + podDirectory.getFileName(), socket, loop, m -> event(listener, m));
    loop.add(connection);
  }

  /**
   * Connects to the keeper of {@code podDirectory}, which an earlier daemon may have started.
   *
   * @throws ErrnoException ECONNREFUSED or ENOENT when no keeper lives there
   */
  public static Keeper connect(Path podDirectory, KeeperLoop loop, ExitListener listener)
      throws IOException {
    Sockets sockets = Sockets.linux();
    Fd socket = sockets.socket(Sockets.AF_UNIX, Sockets.SOCK_SEQPACKET | Sockets.SOCK_NONBLOCK, 0);
    // Through the directory's descriptor: a socket's path has room for 107 bytes only.
    try (Fd directory = Paths.linux().open(podDirectory.toString(), O_PATH, 0)) {
      sockets.connectUnix(socket, directory.procPath() + "/" + SOCKET);
      return new Keeper(podDirectory, socket, loop, listener);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /** The pod's directory, where the keeper's socket and journal are. */
  public Path podDirectory() {
    return podDirectory;
  }

  /** The keeper's process id; 0 before it has said hello. */
  public int pid() {
    return connection.peerPid();
  }

  /** Completes when the keeper has said hello; fails when it couldn't set itself up. */
  CompletableFuture<Void> ready() {
    return connection.ready();
  }

  /** Completes when the connection has ended, with the reason. Never fails. */
  public CompletionStage<Closed> onClose() {
    return connection.closed();
  }

  /**
   * Starts a process. Completes when execve has succeeded, or for a {@link LaunchRequest#waiting}
   * one when the process exists.
   */
  public CompletableFuture<Launched> launch(LaunchRequest request) {
    if (request.waiting()) {
      waiting.put(request.id(), request.plan());
    }
    CompletableFuture<Wire.Incoming> reply;
    try (Fd plan =
        Descriptors.linux()
            .memfd("plan", io.crema.runtime.launch.PlanCodec.encode(request.plan()))) {
      reply = connection.send(Wire.launch(request, plan));
    } catch (ErrnoException | RuntimeException e) {
      waiting.remove(request.id());
      return CompletableFuture.failedFuture(e);
    }
    return reply.thenCompose(
        r -> {
          if (r.a() != 0) {
            waiting.remove(request.id());
          }
          return launched(request.name(), request.plan(), r, !request.waiting());
        });
  }

  /** Lets a waiting launch go on to its execve; completes when that has succeeded. */
  public CompletableFuture<Launched> go(long launchId) {
    return go(launchId, null);
  }

  /** As {@link #go(long)}, with the plan to name a failed step by after a restart. */
  public CompletableFuture<Launched> go(long launchId, @Nullable LaunchPlan plan) {
    LaunchPlan known = plan == null ? waiting.get(launchId) : plan;
    return connection
        .send(Wire.request(Wire.GO, launchId, 0, 0))
        .thenCompose(
            r -> {
              waiting.remove(launchId);
              return launched("launch " + launchId, known, r, true);
            });
  }

  private static CompletableFuture<Launched> launched(
      String name, @Nullable LaunchPlan plan, Wire.Incoming r, boolean started) {
    if (r.a() == 0) {
      Fd terminal = r.fds().isEmpty() ? null : r.fds().getFirst();
      return CompletableFuture.completedFuture(
          new Launched(r.launch(), r.b(), started ? Wire.time(r.c()) : null, terminal));
    }
    return CompletableFuture.failedFuture(
        switch (r.b()) {
          case Wire.STEP_NONE -> LaunchException.ofClone(name, r.a());
          case Wire.STEP_ENDED -> LaunchException.ofEarlyEnd(name, (int) r.c());
          default -> LaunchException.ofStep(plan, r.b(), r.a());
        });
  }

  /** Signals the launched process itself; fails with ESRCH when it has ended. */
  public CompletableFuture<Void> kill(long launchId, int signal) {
    return plain("kill", Wire.request(Wire.KILL, launchId, signal, 0));
  }

  /** Makes {@code log} (lent, opened with O_APPEND) the log file from the next line on. */
  public CompletableFuture<Void> reopenLog(long launchId, Fd log) {
    return plain(
        "reopen log", new Wire.Request(Wire.head(Wire.REOPEN, launchId, 0, 0, 0, 0), List.of(log)));
  }

  /**
   * Attaches a client to a launch's streams; all three are lent, and any may be null. The keeper
   * reads the container's input from {@code stdin} and copies its output from now on to {@code
   * stdout} and {@code stderr} (a terminal's to stdout), at the pace of the slowest client; it
   * closes its ends when the stream ends or the container exits. A client that closes its ends is
   * forgotten.
   *
   * @return the attachment's number, for {@link #detach}
   */
  public CompletableFuture<Long> attach(
      long launchId, @Nullable Fd stdin, @Nullable Fd stdout, @Nullable Fd stderr) {
    List<Fd> fds = new ArrayList<>();
    int which = 0;
    for (Fd fd : new @Nullable Fd[] {stdin, stdout, stderr}) {
      if (fd != null) {
        fds.add(fd);
      }
    }
    which |= stdin == null ? 0 : Wire.ATTACH_STDIN;
    which |= stdout == null ? 0 : Wire.ATTACH_STDOUT;
    which |= stderr == null ? 0 : Wire.ATTACH_STDERR;
    return connection
        .send(new Wire.Request(Wire.head(Wire.ATTACH, launchId, which, 0, 0, 0), fds))
        .thenCompose(r -> checked("attach", r).thenApply(Wire.Incoming::c));
  }

  /** Ends an attachment; one that is gone already is no error. */
  public CompletableFuture<Void> detach(long launchId, long attachment) {
    return plain(
        "detach",
        new Wire.Request(Wire.head(Wire.DETACH, launchId, 0, 0, attachment, 0), List.of()));
  }

  /** Sets the size of the launch's terminal. */
  public CompletableFuture<Void> resize(long launchId, int columns, int rows) {
    return plain("resize", Wire.request(Wire.RESIZE, launchId, columns, rows));
  }

  /** Ends the container's {@link Stdio.Piped} input. */
  public CompletableFuture<Void> closeStdin(long launchId) {
    return plain("close stdin", Wire.request(Wire.CLOSE_STDIN, launchId, 0, 0));
  }

  /** All launches that are not forgotten. */
  public CompletableFuture<List<LaunchInfo>> list() {
    return list(0, new ArrayList<>());
  }

  private CompletableFuture<List<LaunchInfo>> list(int from, List<LaunchInfo> found) {
    return connection
        .send(Wire.request(Wire.LIST, 0, from, 0))
        .thenCompose(r -> checked("list", r))
        .thenCompose(
            r -> {
              int entries = r.payload().capacity() / Wire.LIST_ENTRY;
              for (int i = 0; i < entries; i++) {
                found.add(Wire.entry(r.payload(), i * Wire.LIST_ENTRY));
              }
              return r.b() < 0
                  ? CompletableFuture.completedFuture(List.copyOf(found))
                  : list(r.b(), found);
            });
  }

  /** Drops the record of an ended launch, whose exit is stored elsewhere now. */
  public CompletableFuture<Void> forget(long launchId) {
    waiting.remove(launchId);
    return plain("forget", Wire.request(Wire.FORGET, launchId, 0, 0));
  }

  /** Completes when the keeper answers. */
  public CompletableFuture<Void> ping() {
    return plain("ping", Wire.request(Wire.PING, 0, 0, 0));
  }

  /** Makes the keeper hold descriptors (lent) for its pod; one of the same kind is replaced. */
  public CompletableFuture<Void> hold(Map<HeldKind, Fd> namespaces) {
    var m = Wire.head(Wire.HOLD, 0, 0, 0, 0, namespaces.size());
    List<Fd> fds = new ArrayList<>();
    new EnumMap<>(namespaces)
        .forEach(
            (kind, fd) -> {
              m.put((byte) kind.code());
              fds.add(fd);
            });
    return plain("hold", new Wire.Request(m, fds));
  }

  /** What the keeper holds; the caller owns the descriptors. */
  public CompletableFuture<Map<HeldKind, Fd>> held() {
    return connection
        .send(Wire.request(Wire.GET_HELD, 0, 0, 0))
        .thenCompose(r -> checked("held", r))
        .thenApply(
            r -> {
              Map<HeldKind, Fd> held = new EnumMap<>(HeldKind.class);
              for (int i = 0; i < r.fds().size(); i++) {
                held.put(HeldKind.of(r.payload().get(i)), r.fds().get(i));
              }
              return held;
            });
  }

  /**
   * Makes the keeper leave. Fails with EBUSY while it has live processes; forgotten output and held
   * descriptors go with it.
   */
  public CompletableFuture<Void> shutdown() {
    connection.expectShutdown();
    return plain("shutdown", Wire.request(Wire.SHUTDOWN, 0, 0, 0));
  }

  private CompletableFuture<Void> plain(String what, Wire.Request request) {
    return connection.send(request).thenCompose(r -> checked(what, r)).thenApply(_ -> null);
  }

  private CompletableFuture<Wire.Incoming> checked(String what, Wire.Incoming r) {
    return r.a() == 0
        ? CompletableFuture.completedFuture(r)
        : CompletableFuture.failedFuture(
            new KeeperException(
                connection + ": " + what + (r.launch() == 0 ? "" : " (launch " + r.launch() + ")"),
                r.a()));
  }

  private void event(ExitListener listener, Wire.Incoming m) {
    switch (m.type()) {
      case Wire.EVENT_EXIT ->
          listener.exited(this, new Exit(m.launch(), m.b(), m.a(), Wire.instant(m.c())));
      case Wire.EVENT_MISSED -> announceMissed(listener);
      default -> connection.unexpected(m);
    }
  }

  private void announceMissed(ExitListener listener) {
    CompletableFuture<Void> _ =
        list()
            .thenAccept(
                all ->
                    all.stream()
                        .filter(l -> l.state() == LaunchInfo.State.EXITED)
                        .forEach(l -> listener.exited(this, l.exit())))
            .whenComplete((_, e) -> connection.logFailure("list after missed events", e));
  }

  /** Ends the connection; the keeper lives on. */
  @Override
  public void close() {
    connection.close();
  }

  @Override
  public String toString() {
    return connection.toString();
  }
}
