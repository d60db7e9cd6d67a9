package io.crema.sandbox.store;

import io.crema.sandbox.model.PodConfig;
import java.util.List;

/**
 * What is durably known of a sandbox.
 *
 * @param version of this format
 * @param createdAt nanoseconds since the epoch
 * @param bootId of the kernel that ran when the sandbox was made; under another one it can't be
 *     alive
 * @param ips the pod's addresses, empty on the host's network
 */
public record PodRecord(
    int version,
    String id,
    PodConfig config,
    String runtimeHandler,
    Phase phase,
    long createdAt,
    String bootId,
    List<String> ips) {
  /** The format that this daemon writes. */
  public static final int VERSION = 1;

  /**
   * How far a sandbox is.
   *
   * <pre>
   *   CREATING --> READY --> STOPPED --> (gone)
   *       \___________________/^
   * </pre>
   */
  public enum Phase {
    /** Recorded, before anything was made: whatever exists is undone by this record. */
    CREATING,
    READY,
    /** Its processes are gone and its network given up. */
    STOPPED
  }

  public PodRecord {
    ips = List.copyOf(ips);
    if (version > VERSION) {
      throw new IllegalArgumentException(
          "record of pod "
              + id
              + " has version "
              + version
              + "; this Crema reads up to "
              + VERSION);
    }
  }

  /** This record in another phase. */
  public PodRecord with(Phase next) {
    return new PodRecord(version, id, config, runtimeHandler, next, createdAt, bootId, ips);
  }

  /** This record with what the client has resized the sandbox to. */
  public PodRecord with(PodConfig resized) {
    return new PodRecord(version, id, resized, runtimeHandler, phase, createdAt, bootId, ips);
  }

  /** This record, ready, with its addresses. */
  public PodRecord ready(List<String> addresses) {
    return new PodRecord(
        version, id, config, runtimeHandler, Phase.READY, createdAt, bootId, addresses);
  }
}
