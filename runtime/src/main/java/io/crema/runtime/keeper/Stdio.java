package io.crema.runtime.keeper;

import io.crema.runtime.linux.Fd;

/**
 * What a standard stream of a launched process is. The plan dups the child's end to 0, 1 or 2
 * itself, from the slot named {@code stdin}, {@code stdout} or {@code stderr}, which the keeper
 * fills.
 */
public sealed interface Stdio {
  /** The host's /dev/null, opened in the child before the plan's first step. */
  record DevNull() implements Stdio {}

  /** Output into a pipe of the keeper, which logs it and serves attached clients. */
  record Logged() implements Stdio {}

  /**
   * Input from a pipe of the keeper, which attached clients feed.
   *
   * @param once whether the end of the first attached client's input ends the container's input
   */
  record Piped(boolean once) implements Stdio {}

  /** A descriptor of the caller's, lent for the request: one end of a pipe, a file. */
  record Given(Fd fd) implements Stdio {}

  /**
   * A terminal, which the plan opens and hands over by a {@code Give} step of tag {@link
   * io.crema.runtime.launch.Step.Give#TERMINAL}; when one stream is a terminal, all three are, and
   * the plan has no stdio slots. The keeper logs everything as stdout and serves attached clients.
   *
   * @param toCaller whether the terminal's master goes to the caller in {@link Launched#terminal}
   *     instead of being kept (a launch that doesn't wait only)
   * @param once as for {@link Piped}
   */
  record Terminal(boolean toCaller, boolean once) implements Stdio {}

  /** {@link DevNull}. */
  Stdio DEV_NULL = new DevNull();

  /** {@link Logged}. */
  Stdio LOGGED = new Logged();
}
