package io.crema.server.streaming;

/** A client that breaks its protocol: its connection ends. */
final class ProtocolException extends RuntimeException {
  private static final long serialVersionUID = 1;

  ProtocolException(String message) {
    super(message);
  }
}
