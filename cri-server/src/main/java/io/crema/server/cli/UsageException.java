package io.crema.server.cli;

/** What was typed can't be taken; the message says why, in one sentence. */
final class UsageException extends Exception {
  private static final long serialVersionUID = 1;

  UsageException(String message) {
    super(message);
  }
}
