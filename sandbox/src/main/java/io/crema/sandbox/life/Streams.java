package io.crema.sandbox.life;

import io.crema.runtime.linux.Descriptors;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.PolledInput;
import io.crema.runtime.linux.PolledOutput;
import io.crema.runtime.linux.Poller;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Our ends of a process's streams, and until the process has them, its ends.
 *
 * @param stdin writes its input
 * @param theirs the process's ends, to be closed once they are given away
 */
record Streams(
    @Nullable PolledOutput stdin,
    @Nullable PolledInput stdout,
    @Nullable PolledInput stderr,
    Theirs theirs)
    implements AutoCloseable {

  /** The process's ends of the pipes. */
  record Theirs(@Nullable Fd stdin, @Nullable Fd stdout, @Nullable Fd stderr)
      implements AutoCloseable {
    static final Theirs NONE = new Theirs(null, null, null);

    boolean any() {
      return stdin != null || stdout != null || stderr != null;
    }

    @Override
    public void close() {
      for (Fd fd : new @Nullable Fd[] {stdin, stdout, stderr}) {
        if (fd != null) {
          fd.close();
        }
      }
    }
  }

  /** New pipes for those that are wanted. */
  static Streams pipes(Poller poller, boolean in, boolean out, boolean err) throws IOException {
    try (Rollback undo = new Rollback()) {
      Descriptors.Pipe stdin = in ? pipe("stdin", undo) : null;
      Descriptors.Pipe stdout = out ? pipe("stdout", undo) : null;
      Descriptors.Pipe stderr = err ? pipe("stderr", undo) : null;
      PolledOutput ourIn = null;
      if (stdin != null) {
        ourIn = poller.output(stdin.writeEnd());
        undo.add(ourIn::close);
      }
      PolledInput ourOut = input(poller, stdout, undo);
      PolledInput ourErr = input(poller, stderr, undo);
      undo.keep();
      return new Streams(
          ourIn,
          ourOut,
          ourErr,
          new Theirs(
              stdin == null ? null : stdin.readEnd(),
              stdout == null ? null : stdout.writeEnd(),
              stderr == null ? null : stderr.writeEnd()));
    }
  }

  private static Descriptors.Pipe pipe(String what, Rollback undo) throws ErrnoException {
    Descriptors.Pipe pipe = Descriptors.linux().pipe(what, 0);
    undo.add(pipe::close);
    return pipe;
  }

  private static @Nullable PolledInput input(
      Poller poller, Descriptors.@Nullable Pipe pipe, Rollback undo) throws ErrnoException {
    if (pipe == null) {
      return null;
    }
    PolledInput input = poller.input(pipe.readEnd());
    undo.add(input::close);
    return input;
  }

  /** A terminal's master, taken over also when this fails, for both directions or one. */
  static Streams terminal(Poller poller, Fd master, boolean in) throws IOException {
    try (Rollback undo = new Rollback()) {
      undo.add(master::close);
      PolledOutput stdin = null;
      if (in) {
        stdin = poller.output(Descriptors.linux().duplicate(master));
        undo.add(stdin::close);
      }
      PolledInput stdout = poller.input(master);
      undo.keep();
      return new Streams(stdin, stdout, null, Theirs.NONE);
    }
  }

  Optional<OutputStream> in() {
    return Optional.ofNullable(stdin);
  }

  Optional<InputStream> out() {
    return Optional.ofNullable(stdout);
  }

  Optional<InputStream> err() {
    return Optional.ofNullable(stderr);
  }

  /** The process has ended: what it has written is all that counts. */
  void endAfterWhatIsThere(boolean terminal) throws ErrnoException {
    if (stdout != null) {
      stdout.endAfterWhatIsThere(terminal);
    }
    if (stderr != null) {
      stderr.endAfterWhatIsThere(terminal);
    }
  }

  @Override
  public void close() {
    theirs.close();
    if (stdin != null) {
      try {
        stdin.close();
      } catch (IOException e) {
        throw new IllegalStateException("a pipe's or terminal's end only closes", e);
      }
    }
    if (stdout != null) {
      stdout.close();
    }
    if (stderr != null) {
      stderr.close();
    }
  }
}
