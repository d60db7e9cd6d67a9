package io.crema.sandbox.life;

import io.crema.cni.NetworkException;
import io.crema.cni.PodAttachment;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.DnsConfig;
import org.jspecify.annotations.Nullable;

/** Between the network's terms and the sandbox's. */
final class Networks {
  private Networks() {}

  /** What networks are told of a pod's name resolution. */
  static PodAttachment.@Nullable Dns dns(@Nullable DnsConfig dns) {
    return dns == null ? null : new PodAttachment.Dns(dns.servers(), dns.searches(), dns.options());
  }

  /** How clients shall take the network's errors. */
  static SandboxException.Code code(NetworkException e) {
    return switch (e.kind()) {
      case INVALID -> SandboxException.Code.INVALID_ARGUMENT;
      case CONFLICT -> SandboxException.Code.FAILED_PRECONDITION;
      case EXHAUSTED -> SandboxException.Code.RESOURCE_EXHAUSTED;
      case UNAVAILABLE -> SandboxException.Code.UNAVAILABLE;
      case SYSTEM -> SandboxException.Code.INTERNAL;
    };
  }
}
