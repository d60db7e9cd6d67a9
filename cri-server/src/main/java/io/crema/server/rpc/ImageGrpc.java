package io.crema.server.rpc;

import io.crema.image.ImageService;
import io.crema.server.cri.ImageFsInfoRequest;
import io.crema.server.cri.ImageFsInfoResponse;
import io.crema.server.cri.ImageServiceGrpc;
import io.crema.server.cri.ImageStatusRequest;
import io.crema.server.cri.ImageStatusResponse;
import io.crema.server.cri.ListImagesRequest;
import io.crema.server.cri.ListImagesResponse;
import io.crema.server.cri.PullImageRequest;
import io.crema.server.cri.PullImageResponse;
import io.crema.server.cri.RemoveImageRequest;
import io.crema.server.cri.RemoveImageResponse;
import io.crema.server.cri.StreamImagesRequest;
import io.crema.server.cri.StreamImagesResponse;
import io.grpc.stub.StreamObserver;

/** CRI ImageService: dispatches each RPC to what serves it. */
public final class ImageGrpc extends ImageServiceGrpc.ImageServiceImplBase {
  private final ImageCalls images;
  private final PullImage pull;

  /** Serves {@code images}, which stays the caller's to close. */
  public ImageGrpc(ImageService images) {
    this.images = new ImageCalls(images);
    this.pull = new PullImage(images);
  }

  @Override
  public void listImages(ListImagesRequest request, StreamObserver<ListImagesResponse> out) {
    Serving.unary("ListImages", out, () -> images.list(request.getFilter()));
  }

  @Override
  public void streamImages(StreamImagesRequest request, StreamObserver<StreamImagesResponse> out) {
    Serving.stream(
        "StreamImages",
        out,
        o ->
            Pieces.send(
                images.items(request.getFilter()),
                items -> StreamImagesResponse.newBuilder().addAllImages(items).build(),
                o));
  }

  @Override
  public void imageStatus(ImageStatusRequest request, StreamObserver<ImageStatusResponse> out) {
    Serving.unary("ImageStatus", out, () -> images.status(request));
  }

  @Override
  public void pullImage(PullImageRequest request, StreamObserver<PullImageResponse> out) {
    Serving.unary("PullImage", out, () -> pull.pull(request));
  }

  @Override
  public void removeImage(RemoveImageRequest request, StreamObserver<RemoveImageResponse> out) {
    Serving.unary("RemoveImage", out, () -> images.remove(request));
  }

  @Override
  public void imageFsInfo(ImageFsInfoRequest request, StreamObserver<ImageFsInfoResponse> out) {
    Serving.unary("ImageFsInfo", out, images::fsInfo);
  }
}
