package io.crema.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * A TCP connection to a port inside a pod. Closing {@link #output} ends only what is sent; reads
 * and writes wait without holding a carrier thread.
 */
public interface PodConnection extends AutoCloseable {
  /** What the pod sends. */
  InputStream input();

  /** What is sent to the pod. */
  OutputStream output();

  /** Ends both directions, also under threads that wait. */
  @Override
  void close() throws IOException;
}
