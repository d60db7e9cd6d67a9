package io.crema.cni;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a pod's request says to plugins that are capable of it, as containerd passes it
 * (internal/cri/server/sandbox_run.go, cniNamespaceOpts). The capabilities ips, mac, ipRanges and
 * aliases have no source in the CRI, there as here.
 */
final class CapabilityArgs {
  private CapabilityArgs() {}

  /**
   * By capability.
   *
   * @throws IllegalArgumentException if an annotation for bandwidth is wrong
   */
  static Map<String, Object> of(PodAttachment request) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("io.kubernetes.cri.pod-annotations", request.annotations());
    List<Map<String, Object>> ports = new ArrayList<>();
    for (var p : request.ports()) {
      if (p.hostPort() != 0) {
        Map<String, Object> port = new LinkedHashMap<>();
        port.put("hostPort", p.hostPort());
        port.put("containerPort", p.containerPort());
        port.put("protocol", p.protocol().name().toLowerCase(Locale.ROOT));
        port.put("hostIP", p.hostIp());
        ports.add(port);
      }
    }
    if (!ports.isEmpty()) {
      out.put("portMappings", ports);
    }
    Bandwidth.of(request.annotations()).ifPresent(b -> out.put("bandwidth", b));
    PodAttachment.Dns dns = request.dns();
    if (dns != null) {
      out.put(
          "dns",
          Map.of("servers", dns.servers(), "searches", dns.searches(), "options", dns.options()));
    }
    if (!request.cgroupParent().isEmpty()) {
      out.put("cgroupPath", request.cgroupParent());
    }
    return out;
  }

  /** CNI_ARGS as pairs. */
  static List<List<String>> names(PodAttachment request) {
    return List.of(
        List.of("IgnoreUnknown", "1"),
        List.of("K8S_POD_NAMESPACE", request.podNamespace()),
        List.of("K8S_POD_NAME", request.podName()),
        List.of("K8S_POD_INFRA_CONTAINER_ID", request.sandboxId()),
        List.of("K8S_POD_UID", request.podUid()));
  }
}
