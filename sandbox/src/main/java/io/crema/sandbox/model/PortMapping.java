package io.crema.sandbox.model;

/** A port of the pod on the host (CRI PortMapping); host port 0 means none. */
public record PortMapping(Protocol protocol, int containerPort, int hostPort, String hostIp) {

  /** CRI Protocol. */
  public enum Protocol {
    TCP,
    UDP,
    SCTP
  }
}
