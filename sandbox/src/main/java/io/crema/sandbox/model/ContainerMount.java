package io.crema.sandbox.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** CRI Mount; {@code image} is null unless it is an image volume. */
public record ContainerMount(
    String containerPath,
    String hostPath,
    boolean readonly,
    boolean selinuxRelabel,
    Propagation propagation,
    List<IdMapping> uidMappings,
    List<IdMapping> gidMappings,
    boolean recursiveReadOnly,
    @Nullable ImageSpec image,
    String imageSubPath,
    List<String> mountOptions) {
  public ContainerMount {
    uidMappings = List.copyOf(uidMappings);
    gidMappings = List.copyOf(gidMappings);
    mountOptions = List.copyOf(mountOptions);
  }
}
