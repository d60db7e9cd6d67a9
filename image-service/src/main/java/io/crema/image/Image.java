package io.crema.image;

import io.crema.image.model.ImageConfig;
import java.util.List;
import java.util.OptionalLong;

/**
 * A pulled image as CRI shows it.
 *
 * @param id {@code sha256:…}: digest of the configuration, so the same image from two registries
 *     has one id; also the CRI's image_ref
 * @param repoTags {@code domain/path:tag}, sorted
 * @param repoDigests {@code domain/path@digest}, sorted
 * @param size bytes of the blobs in the registry's form (compressed), as containerd reports it
 * @param pinned never to be garbage-collected by the kubelet
 */
public record Image(
    String id,
    List<String> repoTags,
    List<String> repoDigests,
    long size,
    ImageConfig config,
    boolean pinned) {
  public Image {
    repoTags = List.copyOf(repoTags);
    repoDigests = List.copyOf(repoDigests);
  }

  /** The image's numeric user; 0 when it names none; empty when it names one by name. */
  public OptionalLong uid() {
    String user = userPart();
    if (user.isEmpty()) {
      return OptionalLong.of(0);
    }
    if (!user.chars().allMatch(c -> c >= '0' && c <= '9') || user.length() > 10) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(Long.parseLong(user));
  }

  /** The image's user by name, or empty. */
  public String username() {
    return uid().isPresent() ? "" : userPart();
  }

  private String userPart() {
    String user = config.user();
    int colon = user.indexOf(':');
    return colon < 0 ? user : user.substring(0, colon);
  }
}
