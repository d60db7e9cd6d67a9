package io.crema.server.translate;

import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerMount;
import io.crema.sandbox.model.ImageSpec;
import io.crema.sandbox.model.Propagation;
import io.crema.server.cri.Mount;
import io.crema.server.cri.MountPropagation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Mounts of a container. */
final class MountTranslation {
  private MountTranslation() {}

  static List<ContainerMount> toModel(String field, List<Mount> proto) throws SandboxException {
    List<ContainerMount> mounts = new ArrayList<>();
    for (int i = 0; i < proto.size(); i++) {
      mounts.add(toModel("%s[%d]".formatted(field, i), proto.get(i)));
    }
    return mounts;
  }

  private static ContainerMount toModel(String field, Mount proto) throws SandboxException {
    Fields.required(field + ".container_path", proto.getContainerPath());
    boolean image = proto.hasImage() && !proto.getImage().getImage().isEmpty();
    if (image && !proto.getHostPath().isEmpty()) {
      throw Fields.invalid(field, "host_path and image exclude each other");
    }
    if (!image) {
      Fields.required(field + ".host_path", proto.getHostPath());
    }
    Propagation propagation = propagation(field, proto.getPropagation());
    if (proto.getRecursiveReadOnly()) {
      if (!proto.getReadonly()) {
        throw Fields.invalid(field + ".recursive_read_only", "needs readonly beside it");
      }
      if (propagation != Propagation.PRIVATE) {
        throw Fields.invalid(
            field + ".recursive_read_only", "needs private propagation, not " + propagation);
      }
    }
    return new ContainerMount(
        proto.getContainerPath(),
        proto.getHostPath(),
        proto.getReadonly(),
        proto.getSelinuxRelabel(),
        propagation,
        NamespaceTranslation.idsToModel(proto.getUidMappingsList()),
        NamespaceTranslation.idsToModel(proto.getGidMappingsList()),
        proto.getRecursiveReadOnly(),
        image ? ImageTranslation.toModel(proto.getImage()) : null,
        proto.getImageSubPath(),
        proto.getMountOptionsList());
  }

  /** As asked for: the kubelet finds the termination log by {@code host_path}. */
  static Mount toProto(ContainerMount model) {
    Mount.Builder proto =
        Mount.newBuilder()
            .setContainerPath(model.containerPath())
            .setHostPath(model.hostPath())
            .setReadonly(model.readonly())
            .setSelinuxRelabel(model.selinuxRelabel())
            .setPropagation(propagation(model.propagation()))
            .addAllUidMappings(NamespaceTranslation.idsToProto(model.uidMappings()))
            .addAllGidMappings(NamespaceTranslation.idsToProto(model.gidMappings()))
            .setRecursiveReadOnly(model.recursiveReadOnly())
            .setImageSubPath(model.imageSubPath())
            .addAllMountOptions(model.mountOptions());
    @Nullable ImageSpec image = model.image();
    if (image != null) {
      proto.setImage(ImageTranslation.toProto(image));
    }
    return proto.build();
  }

  private static Propagation propagation(String field, MountPropagation proto)
      throws SandboxException {
    return switch (proto) {
      case PROPAGATION_PRIVATE -> Propagation.PRIVATE;
      case PROPAGATION_HOST_TO_CONTAINER -> Propagation.HOST_TO_CONTAINER;
      case PROPAGATION_BIDIRECTIONAL -> Propagation.BIDIRECTIONAL;
      case UNRECOGNIZED -> throw Fields.unknown(field + ".propagation", proto);
    };
  }

  private static MountPropagation propagation(Propagation model) {
    return switch (model) {
      case PRIVATE -> MountPropagation.PROPAGATION_PRIVATE;
      case HOST_TO_CONTAINER -> MountPropagation.PROPAGATION_HOST_TO_CONTAINER;
      case BIDIRECTIONAL -> MountPropagation.PROPAGATION_BIDIRECTIONAL;
    };
  }
}
