package io.crema.server.translate;

import io.crema.sandbox.model.ContainerEvent;
import io.crema.sandbox.model.PodStatus;
import io.crema.server.cri.ContainerEventResponse;
import io.crema.server.cri.ContainerEventType;
import org.jspecify.annotations.Nullable;

/** Events of containers and sandboxes. */
public final class EventTranslation {
  private EventTranslation() {}

  /** The event with all that is known of its sandbox, as containerd sends it. */
  public static ContainerEventResponse toProto(ContainerEvent event) {
    ContainerEventResponse.Builder proto =
        ContainerEventResponse.newBuilder()
            .setContainerId(event.containerId())
            .setContainerEventType(kind(event.kind()))
            .setCreatedAt(event.at());
    @Nullable PodStatus pod = event.pod();
    if (pod != null) {
      proto.setPodSandboxStatus(PodTranslation.status(pod));
    }
    event.containers().forEach(c -> proto.addContainersStatuses(ContainerTranslation.status(c)));
    return proto.build();
  }

  private static ContainerEventType kind(ContainerEvent.Kind kind) {
    return switch (kind) {
      case CREATED -> ContainerEventType.CONTAINER_CREATED_EVENT;
      case STARTED -> ContainerEventType.CONTAINER_STARTED_EVENT;
      case STOPPED -> ContainerEventType.CONTAINER_STOPPED_EVENT;
      case DELETED -> ContainerEventType.CONTAINER_DELETED_EVENT;
    };
  }
}
