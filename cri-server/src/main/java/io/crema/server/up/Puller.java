package io.crema.server.up;

import io.crema.image.ImageService;
import io.crema.image.PullRequest;
import io.crema.image.model.PullException;
import io.crema.server.cri.Image;
import io.crema.server.cri.ImageSpec;
import io.crema.server.cri.ImageStatusRequest;
import io.crema.server.cri.PullImageRequest;
import io.crema.server.daemon.CriClient;
import io.fabric8.kubernetes.api.model.Container;
import org.jspecify.annotations.Nullable;

/** Gets a container's image by its pull policy, with a progress bar when the daemon is our own. */
final class Puller {
  private final CriClient client;
  private final @Nullable ImageService own;
  private final Screen screen;

  /**
   * Pulls through {@code client}.
   *
   * @param own the images of a daemon in this process, which can tell progress; else null
   */
  Puller(CriClient client, @Nullable ImageService own, Screen screen) {
    this.client = client;
    this.own = own;
    this.screen = screen;
  }

  /** Returns the image that is now on the node. */
  Image get(Container container) throws UpException, InterruptedException {
    String reference = container.getImage();
    String policy = policy(container);
    if (!policy.equals("Always")) {
      Image present = status(reference);
      if (!present.getId().isEmpty()) {
        return present;
      }
      if (policy.equals("Never")) {
        throw new UpException(
            "container %s: image %s is not on this node, and its imagePullPolicy is Never"
                .formatted(container.getName(), reference));
      }
    }
    long begin = System.nanoTime();
    if (!screen.isTerminal()) {
      screen.say("pulling " + reference);
    }
    pull(reference);
    Image image = status(reference);
    screen.say(
        "pulled %s: %s in %d ms"
            .formatted(
                reference, PullBar.size(image.getSize()), (System.nanoTime() - begin) / 1_000_000));
    return image;
  }

  private void pull(String reference) throws UpException, InterruptedException {
    if (own == null) {
      screen.bar("pulling " + reference);
      try {
        client
            .images()
            .pullImage(
                PullImageRequest.newBuilder()
                    .setImage(ImageSpec.newBuilder().setImage(reference))
                    .build());
      } finally {
        screen.bar("");
      }
      return;
    }
    try {
      own.pull(new PullRequest(reference), new PullBar(screen, reference));
    } catch (PullException e) {
      throw new UpException(String.valueOf(e.getMessage()), e);
    } finally {
      screen.bar("");
    }
  }

  private Image status(String reference) {
    return client
        .images()
        .imageStatus(
            ImageStatusRequest.newBuilder()
                .setImage(ImageSpec.newBuilder().setImage(reference))
                .build())
        .getImage();
  }

  /** As the API server defaults it: Always for the tag latest, which no tag means as well. */
  static String policy(Container container) {
    if (container.getImagePullPolicy() != null) {
      return container.getImagePullPolicy();
    }
    String reference = container.getImage();
    String name = reference.substring(reference.lastIndexOf('/') + 1);
    boolean latest = !name.contains(":") || name.endsWith(":latest");
    return latest && !reference.contains("@") ? "Always" : "IfNotPresent";
  }
}
