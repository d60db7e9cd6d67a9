package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.INTERNAL;
import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;

import io.crema.image.ImageLease;
import io.crema.image.model.ImageConfig;
import io.crema.runtime.launch.ProcessSpec;
import io.crema.runtime.launch.StdioSpec;
import io.crema.runtime.launch.Stream;
import io.crema.runtime.security.AvailableCapabilities;
import io.crema.runtime.security.Capability;
import io.crema.runtime.security.CapabilitySet;
import io.crema.runtime.security.ProcessUser;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.ContainerSecurity;
import io.crema.sandbox.model.ContainerUser;
import java.io.IOException;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;

/** What a container's processes may do. */
final class ProcessSpecs {
  private static final int OOM_SCORE_MAX = 1000;

  private final Node node;
  private final Set<Capability> available;

  ProcessSpecs(Node node) throws IOException {
    this.node = node;
    this.available = AvailableCapabilities.ofThisProcess();
  }

  /** The container's first process. */
  ProcessSpec of(Container container, ImageConfig image, ProcessUser user, StdioSpec stdio)
      throws IOException, SandboxException {
    ContainerConfig config = container.record().config();
    ContainerSecurity security = config.security();
    List<String> arguments = ProcessConfig.arguments(config, image);
    if (arguments.isEmpty()) {
      throw new SandboxException(
          INVALID_ARGUMENT,
          container.display()
              + ": no command: neither the request nor the image's configuration has one");
    }
    CapabilitySet capabilities =
        CapabilitySet.of(
            new CapabilitySet.Request(
                security.capabilities().add(),
                security.capabilities().drop(),
                security.capabilities().addAmbient(),
                security.privileged()),
            available);
    ProcessSpec spec =
        new ProcessSpec(
            arguments,
            ProcessConfig.environment(
                config, image, PodDirectory.effectiveHostname(container.pod())),
            ProcessConfig.workingDirectory(config, image),
            user.uid(),
            user.gid(),
            user.groups(),
            capabilities.boundingMask(),
            capabilities.ambientMask(),
            security.noNewPrivs(),
            List.of(),
            null,
            Math.toIntExact(
                Math.clamp(config.resources().oomScoreAdj(), -OOM_SCORE_MAX, OOM_SCORE_MAX)),
            "",
            "",
            stdio);
    container.process(spec);
    return spec;
  }

  /** The container's process as it was launched, also by an earlier daemon. */
  ProcessSpec again(Container container)
      throws IOException, SandboxException, InterruptedException {
    ProcessSpec known = container.process();
    if (known != null) {
      return known;
    }
    try (ImageLease lease = node.images().lease(container.record().imageId())) {
      return of(
          container,
          lease.config(),
          recorded(container),
          new StdioSpec.Streams(Stream.NULL, Stream.NULL, Stream.NULL));
    } catch (NoSuchElementException e) {
      throw new SandboxException(INTERNAL, container.display() + ": its image is gone", e);
    }
  }

  /** Whom the container's first process runs as, as its record says. */
  static ProcessUser recorded(Container container) throws SandboxException {
    ContainerUser user = container.record().user();
    if (user == null) {
      throw new SandboxException(INTERNAL, container.display() + ": its record has no user");
    }
    return new ProcessUser(
        Math.toIntExact(user.uid()),
        Math.toIntExact(user.gid()),
        user.supplementalGroups().stream().map(Math::toIntExact).toList(),
        "/");
  }
}
