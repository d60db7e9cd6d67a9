package io.crema.sandbox.model;

/**
 * Which of a process's streams a client wants.
 *
 * @param tty a terminal for all of them, whose output is {@code stdout}; never with {@code stderr}
 */
public record StreamSet(boolean stdin, boolean stdout, boolean stderr, boolean tty) {
  public StreamSet {
    if (tty && stderr) {
      throw new IllegalArgumentException("tty and stderr exclude each other");
    }
    if (!stdin && !stdout && !stderr) {
      throw new IllegalArgumentException("one of stdin, stdout, stderr must be asked for");
    }
  }
}
