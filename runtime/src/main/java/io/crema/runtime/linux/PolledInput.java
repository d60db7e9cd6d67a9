package io.crema.runtime.linux;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/**
 * Reads a pipe, a terminal's master or a socket; a read waits without holding a carrier thread.
 * Closing it, from any thread, ends a read that waits with an IOException.
 */
public final class PolledInput extends InputStream {
  /** FIONREAD of asm-generic/ioctls.h. */
  private static final long FIONREAD = 0x541B;

  /** TIOCSWINSZ of asm-generic/ioctls.h, with a struct winsize. */
  private static final long TIOCSWINSZ = 0x5414;

  /** How much of a terminal's output is still read after the end of its process. */
  private static final int TERMINAL_REST = 256 * 1024;

  private static final int UNLIMITED = -1;

  private final PolledFd polled;
  private volatile int rest = UNLIMITED;
  private boolean ended;

  PolledInput(PolledFd polled) {
    this.polled = polled;
  }

  /**
   * Makes this end after what has been written by now: the process whose output it is has ended,
   * and others that hold the pipe's other end aren't waited for.
   *
   * @param terminal whether this is a terminal, whose FIONREAD counts only whole lines
   */
  public void endAfterWhatIsThere(boolean terminal) throws ErrnoException {
    polled.whileOpen(
        fd -> {
          if (rest != UNLIMITED) {
            return;
          }
          byte[] count = Libc.struct(4).array();
          if (!terminal) {
            Descriptors.linux().ioctl(fd, FIONREAD, count);
          }
          rest =
              terminal
                  ? TERMINAL_REST
                  : java.nio.ByteBuffer.wrap(count)
                      .order(java.nio.ByteOrder.nativeOrder())
                      .getInt();
        });
    polled.ready();
  }

  /** Sets the size of the terminal whose master this reads; nothing when it is closed. */
  public void resize(int columns, int rows) throws ErrnoException {
    byte[] winsize = Libc.struct(8).putShort((short) rows).putShort((short) columns).array();
    polled.whileOpen(fd -> Descriptors.linux().ioctl(fd, TIOCSWINSZ, winsize));
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    if (length == 0) {
      return 0;
    }
    if (ended) {
      return -1;
    }
    int n = polled.run(fd -> attempt(fd, buffer, offset, length), () -> rest != UNLIMITED);
    if (n <= 0) {
      ended = true;
      return -1;
    }
    if (rest != UNLIMITED) {
      rest = Math.max(0, rest - n);
    }
    return n;
  }

  private int attempt(Fd fd, byte[] buffer, int offset, int length) throws ErrnoException {
    int limit = rest == UNLIMITED ? length : Math.min(length, rest);
    if (limit == 0) {
      return 0;
    }
    try {
      return Descriptors.linux().read(fd, buffer, offset, limit);
    } catch (ErrnoException e) {
      if (e.is(Errno.EIO)) {
        return 0; // a terminal that nobody has open any more (drivers/tty/n_tty.c)
      }
      throw e;
    }
  }

  @Override
  public void close() {
    polled.close();
  }
}
