package io.crema.runtime.linux;

import java.io.IOException;

/** The two directions of a connected socket, each of which may end before the other. */
public record PolledSocket(PolledInput in, PolledOutput out) implements AutoCloseable {
  @Override
  public void close() throws IOException {
    try (in) {
      out.close();
    }
  }
}
