package io.crema.runtime.keeper;

import io.crema.runtime.linux.Descriptors;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import io.crema.runtime.linux.Processes;
import io.crema.runtime.linux.Sockets;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionException;

/**
 * The process that keepers are forked from: a small C program, so that a fork costs microseconds
 * and keepers share their memory, spawned once per daemon. It ends with the daemon; keepers don't.
 */
public final class Nursery implements AutoCloseable {
  private static final int O_PATH = 0x200000;
  // Room in the argument area for the title that ps shows: "crema-keeper POD-DIRECTORY".
  private static final int TITLE = 240;

  private final KeeperLoop loop;
  private final Fd socket;
  private final int pid;

  private Nursery(KeeperLoop loop, Fd socket, int pid) {
    this.loop = loop;
    this.socket = socket;
    this.pid = pid;
  }

  /**
   * Spawns the nursery from the program that the build compiled. It runs from a sealed copy in
   * memory: a container that gets hold of /proc/PID/exe can't change it.
   */
  public static Nursery start(KeeperLoop loop) throws IOException {
    byte[] program;
    try (InputStream in = Nursery.class.getResourceAsStream("crema-keeper")) {
      if (in == null) {
        throw new IOException(
            "crema-keeper is not in the class path: the runtime module's build compiles it");
      }
      program = in.readAllBytes();
    }
    Sockets sockets = Sockets.linux();
    List<Fd> pair = sockets.pair(Sockets.SOCK_SEQPACKET);
    try (Fd executable = Descriptors.linux().sealedProgram("crema-keeper", program);
        Fd theirs = pair.get(1)) {
      int pid =
          Processes.linux()
              .spawn(
                  executable.procPath(),
                  List.of("crema-keeper", "--nursery", "-".repeat(TITLE)),
                  theirs);
      return new Nursery(loop, pair.get(0), pid);
    } catch (IOException | RuntimeException e) {
      pair.get(0).close();
      throw e;
    }
  }

  /** The nursery's process id: what it is moved to (a cgroup) its keepers are born in. */
  public int pid() {
    return pid;
  }

  /**
   * Forks a keeper for {@code podDirectory}, which must exist, and waits until its socket and
   * journal are there.
   */
  public Keeper spawn(Path podDirectory, ExitListener listener) throws IOException {
    byte[] path = podDirectory.toString().getBytes(StandardCharsets.UTF_8);
    Sockets sockets = Sockets.linux();
    List<Fd> pair = sockets.pair(Sockets.SOCK_SEQPACKET | Sockets.SOCK_NONBLOCK);
    Keeper keeper = new Keeper(podDirectory, pair.get(0), loop, listener);
    try (Fd theirs = pair.get(1);
        Fd directory = Paths.linux().open(podDirectory.toString(), O_PATH, 0)) {
      ByteBuffer m = Wire.head(Wire.SPAWN, 0, 0, 0, 0, path.length).put(path);
      sockets.send(socket, m.array(), List.of(directory, theirs), Sockets.MSG_NOSIGNAL);
    } catch (ErrnoException e) {
      keeper.close();
      throw new KeeperException("spawn a keeper for " + podDirectory + ": " + e.getMessage(), e);
    }
    try {
      keeper.ready().join();
      return keeper;
    } catch (CompletionException e) {
      keeper.close();
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new KeeperException(
          "spawn a keeper for " + podDirectory + ": " + cause.getMessage(), cause);
    }
  }

  /** Ends the nursery and waits for its end; its keepers live on. */
  @Override
  public void close() {
    if (!socket.isOpen()) {
      return;
    }
    socket.close();
    try {
      Processes.linux().reap(pid, true);
    } catch (ErrnoException e) {
      throw new IllegalStateException("the nursery, process " + pid, e);
    }
  }
}
