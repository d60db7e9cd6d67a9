package io.crema.server.rpc;

import io.crema.image.FsUsage;
import io.crema.image.ImageService;
import io.crema.sandbox.SandboxException;
import io.crema.server.cri.FilesystemIdentifier;
import io.crema.server.cri.FilesystemUsage;
import io.crema.server.cri.Image;
import io.crema.server.cri.ImageFilter;
import io.crema.server.cri.ImageFsInfoResponse;
import io.crema.server.cri.ImageStatusRequest;
import io.crema.server.cri.ImageStatusResponse;
import io.crema.server.cri.ListImagesResponse;
import io.crema.server.cri.RemoveImageRequest;
import io.crema.server.cri.RemoveImageResponse;
import io.crema.server.cri.UInt64Value;
import io.crema.server.translate.Fields;
import io.crema.server.translate.ImageTranslation;
import io.grpc.Status;
import io.grpc.StatusException;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The RPCs on images, without the pull. */
final class ImageCalls {
  private final ImageService images;

  ImageCalls(ImageService images) {
    this.images = images;
  }

  ListImagesResponse list(ImageFilter filter) {
    return ListImagesResponse.newBuilder().addAllImages(items(filter)).build();
  }

  List<Image> items(ImageFilter filter) {
    String wanted = filter.getImage().getImage();
    if (!wanted.isEmpty()) {
      return images.find(wanted).stream().map(ImageTranslation::toProto).toList();
    }
    return images.list().stream().map(ImageTranslation::toProto).toList();
  }

  /** An absent image is no error but an answer without image (api.proto ImageStatus). */
  ImageStatusResponse status(ImageStatusRequest request) throws SandboxException {
    String wanted = Fields.required("image.image", request.getImage().getImage());
    ImageStatusResponse.Builder response = ImageStatusResponse.newBuilder();
    images
        .find(wanted)
        .ifPresent(
            image -> {
              response.setImage(ImageTranslation.toProto(image));
              if (request.getVerbose()) {
                response.putInfo("info", Json.write(info(image)));
              }
            });
    return response.build();
  }

  RemoveImageResponse remove(RemoveImageRequest request) throws SandboxException, StatusException {
    String wanted = Fields.required("image.image", request.getImage().getImage());
    try {
      images.remove(wanted);
      return RemoveImageResponse.getDefaultInstance();
    } catch (IOException e) {
      throw Status.INTERNAL
          .withDescription("remove image %s: %s".formatted(wanted, e.getMessage()))
          .withCause(e)
          .asException();
    }
  }

  /** One file system holds images and writable layers; the kubelet reads only the first. */
  ImageFsInfoResponse fsInfo() {
    FsUsage usage = images.usage();
    FilesystemUsage filesystem =
        FilesystemUsage.newBuilder()
            .setTimestamp(ChronoUnit.NANOS.between(Instant.EPOCH, usage.at()))
            .setFsId(FilesystemIdentifier.newBuilder().setMountpoint(usage.directory().toString()))
            .setUsedBytes(UInt64Value.newBuilder().setValue(usage.usedBytes()))
            .setInodesUsed(UInt64Value.newBuilder().setValue(usage.inodes()))
            .build();
    return ImageFsInfoResponse.newBuilder()
        .addImageFilesystems(filesystem)
        .addContainerFilesystems(filesystem)
        .build();
  }

  /** As containerd shows it: {@code imageSpec.config} is what tools read. */
  private static Map<String, Object> info(io.crema.image.Image image) {
    var config = image.config();
    Map<String, Object> run = new LinkedHashMap<>();
    run.put("User", config.user());
    run.put("Env", config.env());
    run.put("Entrypoint", config.entrypoint());
    run.put("Cmd", config.cmd());
    run.put("WorkingDir", config.workingDir());
    run.put("StopSignal", config.stopSignal());
    Map<String, Object> spec = new LinkedHashMap<>();
    spec.put("architecture", config.platform().architecture());
    spec.put("os", config.platform().os());
    spec.put("config", run);
    return Map.of("imageSpec", spec);
  }
}
