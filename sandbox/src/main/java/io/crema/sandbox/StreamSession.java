package io.crema.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;

/**
 * A client's end of a process's standard streams: of an exec, or of a container it attached to.
 * Reads and writes wait without holding a carrier thread, and the process waits for a client that
 * doesn't read. Each stream is for one thread at a time.
 */
public interface StreamSession extends AutoCloseable {
  /**
   * The process's input; closing it ends the input, but a terminal, which has no end, is left open.
   * Empty when the client asked for none or the container takes none.
   */
  Optional<OutputStream> stdin();

  /** The process's output; empty when the client asked for none. */
  Optional<InputStream> stdout();

  /** The process's error output; empty when the client asked for none. */
  Optional<InputStream> stderr();

  /** Sets the size of the terminal; nothing when there is none or a side is 0. */
  void resize(int columns, int rows) throws IOException;

  /**
   * Whether the session is over when the client's input is: attaching to a container whose input
   * outlives clients.
   */
  boolean endsWithInput();

  /**
   * Waits for the process's end. Afterwards the output streams end after what was written by then;
   * whoever else still holds them isn't waited for.
   *
   * @return the exit code of an exec; 0 for an attached container
   * @throws IOException when the session was closed or the pod's keeper is gone
   */
  int awaitEnd() throws IOException, InterruptedException;

  /**
   * Lets go of the streams. An attached container goes on. So does an exec'd command that still
   * runs, with its pipes broken (SIGPIPE when it writes) or its terminal hung up (SIGHUP).
   */
  @Override
  void close();
}
