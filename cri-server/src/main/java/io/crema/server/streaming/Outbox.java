package io.crema.server.streaming;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;

/** Writes to the client in pieces that fit a frame. */
final class Outbox extends OutputStream {
  private static final int PIECE = 32 * 1024;

  private final Frames frames;
  private boolean closed;

  /** How a stream's bytes are sent; both wait for room. */
  interface Frames {
    void data(byte[] bytes, int offset, int length) throws IOException;

    void end() throws IOException;
  }

  Outbox(Frames frames) {
    this.frames = frames;
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public void write(byte[] buffer, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    if (closed) {
      throw new IOException("the stream was closed");
    }
    for (int done = 0; done < length; ) {
      int n = Math.min(PIECE, length - done);
      frames.data(buffer, offset + done, n);
      done += n;
    }
  }

  @Override
  public void close() throws IOException {
    if (!closed) {
      closed = true;
      frames.end();
    }
  }
}
