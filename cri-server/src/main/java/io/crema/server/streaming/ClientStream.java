package io.crema.server.streaming;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** One of the streams that a client's connection carries. */
interface ClientStream {
  /**
   * What the client sends: blocks, ends when the client ends the stream, fails when it resets it or
   * the connection is lost. Closing it discards what comes.
   */
  InputStream in();

  /** To the client: blocks while the client doesn't read. Closing it ends this direction. */
  OutputStream out();

  /** Gives up both directions. */
  void reset() throws IOException;
}
