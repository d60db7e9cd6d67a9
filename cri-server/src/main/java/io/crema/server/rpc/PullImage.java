package io.crema.server.rpc;

import io.crema.image.ImageService;
import io.crema.image.ProgressListener;
import io.crema.image.PullRequest;
import io.crema.image.model.Credentials;
import io.crema.image.model.PullException;
import io.crema.sandbox.SandboxException;
import io.crema.server.cri.AuthConfig;
import io.crema.server.cri.PullImageRequest;
import io.crema.server.cri.PullImageResponse;
import io.crema.server.translate.Fields;
import io.grpc.Status;
import io.grpc.StatusException;

/**
 * PullImage. The kubelet sets no deadline, tries its credentials one by one, and tells failures
 * apart by how the message begins (images/image_manager.go), so messages pass through unchanged.
 */
final class PullImage {
  private final ImageService images;

  PullImage(ImageService images) {
    this.images = images;
  }

  PullImageResponse pull(PullImageRequest request)
      throws SandboxException, InterruptedException, StatusException {
    String reference = Fields.required("image.image", request.getImage().getImage());
    Credentials credentials = credentials(request.getAuth());
    try {
      var pulled = images.pull(new PullRequest(reference, credentials), ProgressListener.NONE);
      return PullImageResponse.newBuilder().setImageRef(pulled.image().id()).build();
    } catch (PullException e) {
      throw status(e).withDescription(e.getMessage()).withCause(e).asException();
    }
  }

  private static Credentials credentials(AuthConfig auth) throws SandboxException {
    try {
      return Credentials.of(
          auth.getUsername(),
          auth.getPassword(),
          auth.getAuth(),
          auth.getIdentityToken(),
          auth.getRegistryToken(),
          auth.getServerAddress());
    } catch (IllegalArgumentException e) {
      throw Fields.invalid("auth", String.valueOf(e.getMessage()));
    }
  }

  static Status status(PullException e) {
    return switch (e) {
      case PullException.NotFound _ -> Status.NOT_FOUND;
      case PullException.Unauthorized _ -> Status.UNAUTHENTICATED;
      case PullException.Denied _ -> Status.PERMISSION_DENIED;
      case PullException.RegistryUnavailable _ -> Status.UNAVAILABLE;
      case PullException.Invalid _ -> Status.INVALID_ARGUMENT;
      case PullException.TooLarge _ -> Status.RESOURCE_EXHAUSTED;
      case PullException.Storage s -> s.isFull() ? Status.RESOURCE_EXHAUSTED : Status.INTERNAL;
    };
  }
}
