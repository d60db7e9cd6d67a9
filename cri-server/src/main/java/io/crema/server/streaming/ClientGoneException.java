package io.crema.server.streaming;

import java.io.IOException;

/** The client has reset a stream or is gone: nobody is left to be told. */
final class ClientGoneException extends IOException {
  private static final long serialVersionUID = 1;

  ClientGoneException(String message) {
    super(message);
  }
}
