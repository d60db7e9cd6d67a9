package io.crema.sandbox.life;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** A terminal's input: its client may end, the terminal doesn't. */
final class Unending extends FilterOutputStream {
  Unending(OutputStream terminal) {
    super(terminal);
  }

  @Override
  public void write(byte[] buffer, int offset, int length) throws IOException {
    out.write(buffer, offset, length);
  }

  @Override
  public void close() {
    // the session closes the terminal
  }
}
