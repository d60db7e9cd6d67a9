package io.crema.runtime.keeper;

import java.io.IOException;

/** Why a connection to a keeper ended. */
public sealed interface Closed {
  /** This side closed it; the keeper lives on. */
  record ByUs() implements Closed {}

  /** The keeper left when asked to by {@link Keeper#shutdown}. */
  record ShutDown() implements Closed {}

  /**
   * The keeper's end closed: the keeper died (its children are gone with it only if they were
   * killed), or dropped a connection that didn't read.
   */
  record Died() implements Closed {}

  /** The connection failed, or the other side doesn't speak the protocol. */
  record Failed(IOException cause) implements Closed {}

  /** For an error message. */
  default String reason() {
    return switch (this) {
      case ByUs() -> "the connection was closed by the daemon";
      case ShutDown() -> "the keeper was shut down";
      case Died() -> "the keeper is gone";
      case Failed(IOException cause) -> String.valueOf(cause.getMessage());
    };
  }
}
