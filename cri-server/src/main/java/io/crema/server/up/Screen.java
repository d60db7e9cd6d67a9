package io.crema.server.up;

import java.io.PrintStream;

/** The terminal: containers' lines to standard output and error, our own to standard error. */
final class Screen {
  private final PrintStream out;
  private final PrintStream err;
  private final boolean terminal;
  private String bar = "";

  /**
   * A screen on two streams.
   *
   * @param terminal whether {@code err} can overwrite its last line
   */
  Screen(PrintStream out, PrintStream err, boolean terminal) {
    this.out = out;
    this.err = err;
    this.terminal = terminal;
  }

  boolean isTerminal() {
    return terminal;
  }

  /** A line of a container. */
  synchronized void line(boolean stderr, String text) {
    wipe();
    (stderr ? err : out).println(text);
    draw();
  }

  /** Our own line. */
  synchronized void say(String text) {
    line(true, text);
  }

  /** Part of the result, as a timeline. */
  synchronized void result(String text) {
    line(false, text);
    out.flush();
  }

  /**
   * The line at the bottom that changes; empty takes it away. Nothing happens without a terminal.
   */
  synchronized void bar(String text) {
    if (terminal) {
      wipe();
      bar = text;
      draw();
    }
  }

  private void wipe() {
    if (!bar.isEmpty()) {
      err.print("\r\033[K"); // ECMA-48: to the line's start, erase to its end
    }
  }

  private void draw() {
    err.print(bar);
    err.flush();
  }
}
