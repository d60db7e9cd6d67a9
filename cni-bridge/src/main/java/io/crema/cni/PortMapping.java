package io.crema.cni;

/**
 * A port of the pod that the host answers for.
 *
 * @param containerPort the port in the pod
 * @param hostPort the port on the host; 0 means that there is none, and the mapping is ignored
 * @param hostIp the only address of the host that answers; empty: all, IPv4 and IPv6; {@code
 *     0.0.0.0}: all of IPv4; {@code ::}: all of IPv6
 */
public record PortMapping(Protocol protocol, int containerPort, int hostPort, String hostIp) {
  public PortMapping {
    if (hostPort < 0 || hostPort > 65535) {
      throw new IllegalArgumentException("host port " + hostPort + " is not in 0..65535");
    }
    if (hostPort != 0 && (containerPort < 1 || containerPort > 65535)) {
      throw new IllegalArgumentException(
          "container port " + containerPort + " of host port " + hostPort + " is not in 1..65535");
    }
  }

  /** {@code tcp 127.0.0.1:8080 -> 80}. */
  @Override
  public String toString() {
    String host = hostIp.indexOf(':') >= 0 ? "[" + hostIp + "]" : hostIp.isEmpty() ? "*" : hostIp;
    return protocol.name().toLowerCase(java.util.Locale.ROOT)
        + " "
        + host
        + ":"
        + hostPort
        + " -> "
        + containerPort;
  }
}
