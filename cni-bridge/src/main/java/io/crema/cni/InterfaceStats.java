package io.crema.cni;

/** Counters of a pod's interface, as the pod sees them, since it was made. */
public record InterfaceStats(
    String interfaceName,
    long rxBytes,
    long rxPackets,
    long rxErrors,
    long rxDropped,
    long txBytes,
    long txPackets,
    long txErrors,
    long txDropped) {}
