package io.crema.runtime.launch;

/** Where a process's standard streams go. */
public sealed interface StdioSpec {
  /** Three streams. */
  record Streams(Stream stdin, Stream stdout, Stream stderr) implements StdioSpec {}

  /**
   * A terminal of the container's own devpts, the process's controlling terminal; its other end is
   * given to the keeper with the tag {@link Step.Give#TERMINAL}.
   */
  record Terminal() implements StdioSpec {}
}
