package io.crema.server.translate;

import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.DnsConfig;
import io.crema.sandbox.model.PodConfig;
import io.crema.sandbox.model.PodFilter;
import io.crema.sandbox.model.PodMetadata;
import io.crema.sandbox.model.PodState;
import io.crema.sandbox.model.PodStatus;
import io.crema.sandbox.model.PortMapping;
import io.crema.server.cri.LinuxPodSandboxConfig;
import io.crema.server.cri.LinuxPodSandboxStatus;
import io.crema.server.cri.Namespace;
import io.crema.server.cri.PodIP;
import io.crema.server.cri.PodSandbox;
import io.crema.server.cri.PodSandboxConfig;
import io.crema.server.cri.PodSandboxFilter;
import io.crema.server.cri.PodSandboxMetadata;
import io.crema.server.cri.PodSandboxNetworkStatus;
import io.crema.server.cri.PodSandboxState;
import io.crema.server.cri.PodSandboxStatus;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sandboxes: what is asked for, and what is told of them. */
public final class PodTranslation {
  private PodTranslation() {}

  /** The sandbox that a client asks for; {@code field} is where in its request. */
  public static PodConfig toModel(String field, PodSandboxConfig proto) throws SandboxException {
    Fields.present(field + ".metadata", proto.hasMetadata());
    PodSandboxMetadata metadata = proto.getMetadata();
    Fields.required(field + ".metadata.name", metadata.getName());
    LinuxPodSandboxConfig linux = proto.getLinux();
    return new PodConfig(
        metadata(metadata),
        proto.getHostname(),
        proto.getLogDirectory(),
        proto.hasDnsConfig() ? dns(proto) : null,
        ports(field + ".port_mappings", proto.getPortMappingsList()),
        proto.getLabelsMap(),
        proto.getAnnotationsMap(),
        linux.getCgroupParent(),
        SecurityTranslation.pod(field + ".linux.security_context", linux.getSecurityContext()),
        linux.getSysctlsMap(),
        linux.hasOverhead()
            ? ResourceTranslation.toModel(field + ".linux.overhead", linux.getOverhead())
            : null,
        linux.hasResources()
            ? ResourceTranslation.toModel(field + ".linux.resources", linux.getResources())
            : null);
  }

  /** Which sandboxes a client wants to see. */
  public static PodFilter filter(PodSandboxFilter proto) throws SandboxException {
    return new PodFilter(
        proto.getId(),
        proto.hasState() ? state("filter.state", proto.getState().getState()) : null,
        proto.getLabelSelectorMap());
  }

  /** A sandbox in a list. */
  public static PodSandbox item(PodStatus pod) {
    return PodSandbox.newBuilder()
        .setId(pod.id())
        .setMetadata(metadata(pod.config().metadata()))
        .setState(state(pod.state()))
        .setCreatedAt(pod.createdAt())
        .putAllLabels(pod.config().labels())
        .putAllAnnotations(pod.config().annotations())
        .setRuntimeHandler(pod.runtimeHandler())
        .build();
  }

  /** A sandbox in full. The network modes and the address decide whether the kubelet keeps it. */
  public static PodSandboxStatus status(PodStatus pod) {
    return PodSandboxStatus.newBuilder()
        .setId(pod.id())
        .setMetadata(metadata(pod.config().metadata()))
        .setState(state(pod.state()))
        .setCreatedAt(pod.createdAt())
        .setNetwork(network(pod.ips()))
        .setLinux(
            LinuxPodSandboxStatus.newBuilder()
                .setNamespaces(
                    Namespace.newBuilder()
                        .setOptions(
                            NamespaceTranslation.toProto(pod.config().security().namespaces()))))
        .putAllLabels(pod.config().labels())
        .putAllAnnotations(pod.config().annotations())
        .setRuntimeHandler(pod.runtimeHandler())
        .build();
  }

  /** The four parts of a sandbox's key. */
  public static PodSandboxMetadata metadata(PodMetadata model) {
    return PodSandboxMetadata.newBuilder()
        .setName(model.name())
        .setUid(model.uid())
        .setNamespace(model.namespace())
        .setAttempt(model.attempt())
        .build();
  }

  private static PodMetadata metadata(PodSandboxMetadata proto) {
    return new PodMetadata(
        proto.getName(), proto.getUid(), proto.getNamespace(), proto.getAttempt());
  }

  private static DnsConfig dns(PodSandboxConfig proto) {
    var dns = proto.getDnsConfig();
    return new DnsConfig(dns.getServersList(), dns.getSearchesList(), dns.getOptionsList());
  }

  private static PodSandboxNetworkStatus network(List<String> ips) {
    PodSandboxNetworkStatus.Builder network = PodSandboxNetworkStatus.newBuilder();
    if (!ips.isEmpty()) {
      network.setIp(ips.get(0));
      for (String ip : ips.subList(1, ips.size())) {
        network.addAdditionalIps(PodIP.newBuilder().setIp(ip));
      }
    }
    return network.build();
  }

  private static List<PortMapping> ports(String field, List<io.crema.server.cri.PortMapping> proto)
      throws SandboxException {
    List<PortMapping> ports = new ArrayList<>();
    for (io.crema.server.cri.PortMapping port : proto) {
      ports.add(
          new PortMapping(
              protocol(field, port.getProtocol()),
              port(field + ".container_port", port.getContainerPort()),
              port(field + ".host_port", port.getHostPort()),
              port.getHostIp()));
    }
    return ports;
  }

  private static int port(String field, int port) throws SandboxException {
    if (port < 0 || port > 65535) {
      throw Fields.invalid(field, port + " is not within 0..65535");
    }
    return port;
  }

  private static PortMapping.Protocol protocol(String field, io.crema.server.cri.Protocol proto)
      throws SandboxException {
    return switch (proto) {
      case TCP -> PortMapping.Protocol.TCP;
      case UDP -> PortMapping.Protocol.UDP;
      case SCTP -> PortMapping.Protocol.SCTP;
      case UNRECOGNIZED -> throw Fields.unknown(field + ".protocol", proto);
    };
  }

  private static @Nullable PodState state(String field, PodSandboxState proto)
      throws SandboxException {
    return switch (proto) {
      case SANDBOX_READY -> PodState.READY;
      case SANDBOX_NOTREADY -> PodState.NOT_READY;
      case UNRECOGNIZED -> throw Fields.unknown(field, proto);
    };
  }

  private static PodSandboxState state(PodState model) {
    return switch (model) {
      case READY -> PodSandboxState.SANDBOX_READY;
      case NOT_READY -> PodSandboxState.SANDBOX_NOTREADY;
    };
  }
}
