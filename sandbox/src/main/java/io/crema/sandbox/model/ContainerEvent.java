package io.crema.sandbox.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What happened to a container or, when {@code containerId} is a sandbox's, to a sandbox (CRI
 * ContainerEventResponse).
 *
 * @param at nanoseconds since the epoch
 * @param pod the sandbox just after the event; null once it is removed
 * @param containers all of the sandbox's containers just after the event
 */
public record ContainerEvent(
    Kind kind,
    String containerId,
    long at,
    @Nullable PodStatus pod,
    List<ContainerStatus> containers) {
  public ContainerEvent {
    containers = List.copyOf(containers);
  }

  /** CRI ContainerEventType. */
  public enum Kind {
    CREATED,
    STARTED,
    STOPPED,
    DELETED
  }
}
