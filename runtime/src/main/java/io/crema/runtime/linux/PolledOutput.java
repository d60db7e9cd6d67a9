package io.crema.runtime.linux;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;

/**
 * Writes a pipe, a terminal's master or a socket; a write waits for room without holding a carrier
 * thread. Closing it, from any thread, ends a write that waits with an IOException.
 */
public final class PolledOutput extends OutputStream {
  /** For what has no end of its own to tell but its closing. */
  static final PolledFd.Action NOTHING = _ -> {};

  private final PolledFd polled;
  private final PolledFd.Action farewell;

  PolledOutput(PolledFd polled, PolledFd.Action farewell) {
    this.polled = polled;
    this.farewell = farewell;
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public void write(byte[] buffer, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    for (int done = 0; done < length; ) {
      int at = offset + done;
      int left = length - done;
      done += polled.run(fd -> Descriptors.linux().write(fd, buffer, at, left), () -> false);
    }
  }

  /** Waits until {@code call} answers other than -1, asking again when the descriptor changes. */
  void await(PolledFd.Call call) throws IOException {
    polled.run(call, () -> false);
  }

  /** Closes without a farewell. */
  void abandon() {
    polled.close();
  }

  @Override
  public void close() throws IOException {
    try {
      polled.whileOpen(farewell);
    } catch (ErrnoException e) {
      if (!e.is(Errno.ENOTCONN)) { // the peer has reset the connection: it knows of the end
        throw e;
      }
    } finally {
      polled.close();
    }
  }
}
