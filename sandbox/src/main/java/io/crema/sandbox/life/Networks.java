package io.crema.sandbox.life;

import io.crema.cni.NetworkException;
import io.crema.sandbox.SandboxException;

/** How clients shall take the network's errors. */
final class Networks {
  private Networks() {}

  static SandboxException.Code code(NetworkException e) {
    return switch (e.kind()) {
      case INVALID -> SandboxException.Code.INVALID_ARGUMENT;
      case CONFLICT -> SandboxException.Code.FAILED_PRECONDITION;
      case EXHAUSTED -> SandboxException.Code.RESOURCE_EXHAUSTED;
      case SYSTEM -> SandboxException.Code.INTERNAL;
    };
  }
}
