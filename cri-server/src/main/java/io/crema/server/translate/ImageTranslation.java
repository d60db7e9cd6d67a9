package io.crema.server.translate;

import io.crema.image.Image;
import io.crema.sandbox.model.ImageSpec;
import io.crema.server.cri.Int64Value;

/** Images: what is asked for, and what is told of them. */
public final class ImageTranslation {
  private ImageTranslation() {}

  /** An image as listed; the uid is set for root as well, or runAsNonRoot can't be checked. */
  public static io.crema.server.cri.Image toProto(Image image) {
    io.crema.server.cri.Image.Builder proto =
        io.crema.server.cri.Image.newBuilder()
            .setId(image.id())
            .addAllRepoTags(image.repoTags())
            .addAllRepoDigests(image.repoDigests())
            .setSize(image.size())
            .setUsername(image.username())
            .setPinned(image.pinned());
    image.uid().ifPresent(uid -> proto.setUid(Int64Value.newBuilder().setValue(uid)));
    return proto.build();
  }

  static ImageSpec toModel(io.crema.server.cri.ImageSpec proto) {
    return new ImageSpec(
        proto.getImage(),
        proto.getAnnotationsMap(),
        proto.getUserSpecifiedImage(),
        proto.getRuntimeHandler(),
        proto.getImageRef());
  }

  static io.crema.server.cri.ImageSpec toProto(ImageSpec model) {
    return io.crema.server.cri.ImageSpec.newBuilder()
        .setImage(model.image())
        .putAllAnnotations(model.annotations())
        .setUserSpecifiedImage(model.userSpecifiedImage())
        .setRuntimeHandler(model.runtimeHandler())
        .setImageRef(model.imageRef())
        .build();
  }
}
