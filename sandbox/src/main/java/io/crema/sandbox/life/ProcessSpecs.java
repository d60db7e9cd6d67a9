package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.INTERNAL;
import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;

import io.crema.image.ImageLease;
import io.crema.image.model.ImageConfig;
import io.crema.runtime.launch.ProcessSpec;
import io.crema.runtime.launch.SeccompFilter;
import io.crema.runtime.launch.StdioSpec;
import io.crema.runtime.launch.Stream;
import io.crema.runtime.seccomp.SeccompFilters;
import io.crema.runtime.security.AvailableCapabilities;
import io.crema.runtime.security.Capability;
import io.crema.runtime.security.CapabilitySet;
import io.crema.runtime.security.LinuxSecurityModules;
import io.crema.runtime.security.OomScore;
import io.crema.runtime.security.ProcessUser;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.ContainerSecurity;
import io.crema.sandbox.model.ContainerUser;
import io.crema.sandbox.model.SecurityProfile;
import io.crema.sandbox.model.SelinuxOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a container's processes may do. */
final class ProcessSpecs {
  private final Node node;
  private final Set<Capability> available;
  private final SeccompFilters seccomp;
  private final LinuxSecurityModules modules;
  private final OomScore oom;

  ProcessSpecs(Node node) throws IOException {
    this.node = node;
    this.available = AvailableCapabilities.ofThisProcess();
    this.seccomp = new SeccompFilters();
    this.modules = LinuxSecurityModules.detect();
    this.oom = OomScore.ofThisProcess();
  }

  /** The container's first process. */
  ProcessSpec of(Container container, ImageConfig image, ProcessUser user, StdioSpec stdio)
      throws IOException, SandboxException {
    ContainerConfig config = container.record().effective();
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
            seccomp(security, capabilities),
            oom.clamp(config.resources().oomScoreAdj()),
            appArmor(security),
            selinux(security),
            stdio);
    container.process(spec);
    return spec;
  }

  /**
   * No profile at all means unconfined; a privileged container is unconfined whatever is asked for.
   */
  private @Nullable SeccompFilter seccomp(ContainerSecurity security, CapabilitySet capabilities)
      throws IOException {
    SecurityProfile profile = security.seccomp();
    if (profile == null || security.privileged()) {
      return null;
    }
    return switch (profile.kind()) {
      case UNCONFINED -> null;
      case RUNTIME_DEFAULT ->
          filter(seccomp.runtimeDefault(capabilities.bounding()), "runtime/default");
      case LOCALHOST ->
          filter(
              seccomp.localhost(Path.of(profile.localhostRef()), capabilities.bounding()),
              "localhost/" + profile.localhostRef());
    };
  }

  private static SeccompFilter filter(
      io.crema.runtime.seccomp.SeccompFilter compiled, String label) {
    return new SeccompFilter(compiled.instructions(), compiled.flags(), label);
  }

  private String appArmor(ContainerSecurity security) throws IOException {
    SecurityProfile profile = security.apparmor();
    LinuxSecurityModules.Profile kind =
        profile == null
            ? LinuxSecurityModules.Profile.RUNTIME_DEFAULT
            : switch (profile.kind()) {
              case RUNTIME_DEFAULT -> LinuxSecurityModules.Profile.RUNTIME_DEFAULT;
              case UNCONFINED -> LinuxSecurityModules.Profile.UNCONFINED;
              case LOCALHOST -> LinuxSecurityModules.Profile.LOCALHOST;
            };
    return modules
        .appArmorProfile(kind, profile == null ? "" : profile.localhostRef(), security.privileged())
        .orElse("");
  }

  private String selinux(ContainerSecurity security) throws IOException {
    SelinuxOptions label = security.selinux();
    return label == null
        ? ""
        : modules.selinuxLabel(label.user(), label.role(), label.type(), label.level()).orElse("");
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
