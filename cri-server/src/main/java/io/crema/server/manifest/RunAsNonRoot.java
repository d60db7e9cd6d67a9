package io.crema.server.manifest;

import io.crema.server.cri.Image;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSpec;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The kubelet's check of runAsNonRoot (kuberuntime/security_context.go verifyRunAsNonRoot). */
public final class RunAsNonRoot {
  private RunAsNonRoot() {}

  /** Why the container must not be started, if so. */
  public static Optional<String> check(PodSpec spec, Container container, @Nullable Image image) {
    if (!asked(spec, container) || image == null) {
      return Optional.empty();
    }
    @Nullable Long user = SecurityTranslator.user(spec, container);
    if (user != null) {
      return user == 0 ? Optional.of("runAsNonRoot is set, but runAsUser is 0") : Optional.empty();
    }
    if (!image.getUsername().isEmpty()) {
      return Optional.of(
          "runAsNonRoot is set, but the image's user '%s' is a name; give runAsUser as a number"
              .formatted(image.getUsername()));
    }
    return image.getUid().getValue() == 0
        ? Optional.of("runAsNonRoot is set, but the image runs as root")
        : Optional.empty();
  }

  private static boolean asked(PodSpec spec, Container container) {
    if (container.getSecurityContext() != null
        && container.getSecurityContext().getRunAsNonRoot() != null) {
      return container.getSecurityContext().getRunAsNonRoot();
    }
    return spec.getSecurityContext() != null
        && Boolean.TRUE.equals(spec.getSecurityContext().getRunAsNonRoot());
  }
}
