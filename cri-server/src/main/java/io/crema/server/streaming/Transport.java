package io.crema.server.streaming;

import java.time.Duration;

/**
 * The bytes' way to a client. All methods but {@link #execute} are for the transport's own event
 * loop.
 */
interface Transport {
  /** Runs {@code task} on the event loop, soon. */
  void execute(Runnable task);

  /** Runs {@code task} on the event loop after {@code delay}; running the result prevents it. */
  Runnable after(Duration delay, Runnable task);

  /** Sends {@code bytes}, which are the transport's from now on, or keeps them until it can. */
  void write(byte[] bytes);

  /** Runs {@code task} once what has been written is in the kernel's hands. */
  void whenFlushed(Runnable task);

  /** Whether more waits to be sent than should; {@link Link#writable} tells when it is less. */
  boolean full();

  /** Reads no more from the client. */
  void pause();

  /** Reads again. */
  void resume();

  /** Ends the connection; what waits to be sent may be lost. */
  void close();
}
