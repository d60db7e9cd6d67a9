package io.crema.server.manifest;

import io.crema.server.config.Nearest;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What the API server and the kubelet would refuse, and what can't be done without them. */
final class PodChecks {
  private static final String LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
  private static final List<String> RESTART = List.of("Always", "OnFailure", "Never");
  private static final List<String> PULL = List.of("Always", "IfNotPresent", "Never");
  private static final List<String> DNS =
      List.of("Default", "ClusterFirst", "ClusterFirstWithHostNet", "None");
  private static final List<String> PROTOCOLS = List.of("TCP", "UDP", "SCTP");

  private final Problems problems;
  private final List<String> warnings = new ArrayList<>();
  private final Set<String> volumes = new TreeSet<>();
  private final Map<String, String> hostPorts = new HashMap<>();

  private PodChecks(Problems problems) {
    this.problems = problems;
  }

  /** Adds to {@code problems}; returns what is only left out. */
  static List<String> check(Pod pod, Problems problems) {
    PodChecks checks = new PodChecks(problems);
    checks.pod(pod);
    return checks.warnings;
  }

  private void pod(Pod pod) {
    @Nullable String name = pod.getMetadata() == null ? null : pod.getMetadata().getName();
    if (name == null || name.isEmpty()) {
      problems.required("metadata.name");
    } else if (name.length() > 253 || !name.matches(LABEL + "(\\." + LABEL + ")*")) {
      problems.add(
          "metadata.name",
          "'%s' is no name; expected lower-case letters, digits, '-' and '.'".formatted(name));
    }
    PodSpec spec = pod.getSpec();
    if (spec == null) {
      problems.required("spec");
      return;
    }
    oneOf("spec.restartPolicy", spec.getRestartPolicy(), RESTART);
    oneOf("spec.dnsPolicy", spec.getDnsPolicy(), DNS);
    unsupported(spec);
    Volumes.check(spec.getVolumes(), problems, volumes);
    Set<String> names = new HashSet<>();
    List<Container> init = spec.getInitContainers();
    for (int i = 0; i < init.size(); i++) {
      container("spec.initContainers[%d]".formatted(i), init.get(i), names);
    }
    if (spec.getContainers().isEmpty()) {
      problems.add("spec.containers", "expected at least one container");
    }
    for (int i = 0; i < spec.getContainers().size(); i++) {
      container("spec.containers[%d]".formatted(i), spec.getContainers().get(i), names);
    }
  }

  private void unsupported(PodSpec spec) {
    refuse("spec.ephemeralContainers", !spec.getEphemeralContainers().isEmpty());
    refuse("spec.resourceClaims", !spec.getResourceClaims().isEmpty());
    refuse("spec.hostAliases", !spec.getHostAliases().isEmpty());
    refuse("spec.hostUsers", Boolean.FALSE.equals(spec.getHostUsers()));
    refuse("spec.activeDeadlineSeconds", spec.getActiveDeadlineSeconds() != null);
  }

  private void refuse(String path, boolean used) {
    if (used) {
      problems.add(path, "is not supported by crema up");
    }
  }

  private void container(String path, Container container, Set<String> names) {
    @Nullable String name = container.getName();
    if (name == null || name.isEmpty()) {
      problems.required(path + ".name");
    } else if (!name.matches(LABEL)) {
      problems.add(
          path + ".name",
          "'%s' is no name; expected lower-case letters, digits and '-', at most 63"
              .formatted(name));
    } else if (!names.add(name)) {
      problems.add(path + ".name", "'%s' is the name of another container".formatted(name));
    }
    if (container.getImage() == null || container.getImage().isBlank()) {
      problems.required(path + ".image");
    }
    oneOf(path + ".imagePullPolicy", container.getImagePullPolicy(), PULL);
    refuse(path + ".envFrom", !container.getEnvFrom().isEmpty());
    refuse(path + ".volumeDevices", !container.getVolumeDevices().isEmpty());
    refuse(path + ".restartPolicyRules", !container.getRestartPolicyRules().isEmpty());
    warn(path + ".livenessProbe", container.getLivenessProbe());
    warn(path + ".readinessProbe", container.getReadinessProbe());
    warn(path + ".startupProbe", container.getStartupProbe());
    warn(path + ".lifecycle", container.getLifecycle());
    ports(path, container.getPorts());
    for (int i = 0; i < container.getEnv().size(); i++) {
      env("%s.env[%d]".formatted(path, i), container.getEnv().get(i));
    }
    for (int i = 0; i < container.getVolumeMounts().size(); i++) {
      mount("%s.volumeMounts[%d]".formatted(path, i), container.getVolumeMounts().get(i));
    }
    if (container.getResources() != null) {
      quantities(path + ".resources.limits", container.getResources().getLimits());
      quantities(path + ".resources.requests", container.getResources().getRequests());
    }
  }

  private void warn(String path, @Nullable Object used) {
    if (used != null) {
      warnings.add(path + " is left out: crema up runs no probes and hooks");
    }
  }

  private void ports(String container, List<ContainerPort> ports) {
    for (int i = 0; i < ports.size(); i++) {
      ContainerPort port = ports.get(i);
      String path = "%s.ports[%d]".formatted(container, i);
      oneOf(path + ".protocol", port.getProtocol(), PROTOCOLS);
      if (port.getContainerPort() == null) {
        problems.required(path + ".containerPort");
      } else {
        range(path + ".containerPort", port.getContainerPort());
      }
      if (port.getHostPort() != null) {
        range(path + ".hostPort", port.getHostPort());
        String key = port.getHostPort() + "/" + protocol(port) + "/" + port.getHostIP();
        @Nullable String other = hostPorts.putIfAbsent(key, path);
        if (other != null) {
          problems.add(
              path + ".hostPort", "%d is taken by %s already".formatted(port.getHostPort(), other));
        }
      }
    }
  }

  /** The port's protocol, which is TCP unless it says otherwise. */
  static String protocol(ContainerPort port) {
    return port.getProtocol() == null ? "TCP" : port.getProtocol();
  }

  private void range(String path, int port) {
    if (port < 1 || port > 65535) {
      problems.add(path, "%d is no port; expected 1 to 65535".formatted(port));
    }
  }

  private void env(String path, EnvVar env) {
    if (env.getName() == null || env.getName().isEmpty()) {
      problems.required(path + ".name");
    } else if (env.getName().indexOf('=') >= 0) {
      problems.add(path + ".name", "'%s' holds a '='".formatted(env.getName()));
    }
    var from = env.getValueFrom();
    if (from != null) {
      @Nullable String field =
          from.getFieldRef() == null ? null : from.getFieldRef().getFieldPath();
      if (field == null) {
        problems.add(
            path + ".valueFrom",
            "only fieldRef is supported by crema up, as there is no API server");
      } else if (!Downward.FIELDS.contains(field) && !Downward.isMapEntry(field)) {
        problems.add(
            path + ".valueFrom.fieldRef.fieldPath",
            "'%s' is not supported%s".formatted(field, Nearest.hint(field, Downward.FIELDS)));
      }
    }
  }

  private void mount(String path, VolumeMount mount) {
    if (mount.getMountPath() == null || mount.getMountPath().isEmpty()) {
      problems.required(path + ".mountPath");
    }
    if (mount.getName() == null) {
      problems.required(path + ".name");
    } else if (!volumes.contains(mount.getName())) {
      problems.add(
          path + ".name",
          "there is no volume '%s' in spec.volumes%s"
              .formatted(mount.getName(), Nearest.hint(mount.getName(), volumes)));
    }
    refuse(path + ".subPathExpr", mount.getSubPathExpr() != null);
    oneOf(
        path + ".mountPropagation",
        mount.getMountPropagation(),
        List.of("None", "HostToContainer", "Bidirectional"));
    if (mount.getSubPath() != null
        && (mount.getSubPath().startsWith("/")
            || List.of(mount.getSubPath().split("/", -1)).contains(".."))) {
      problems.add(path + ".subPath", "expected a relative path without '..'");
    }
  }

  private void quantities(String path, @Nullable Map<String, Quantity> quantities) {
    if (quantities == null) {
      return;
    }
    quantities.forEach(
        (name, quantity) -> {
          try {
            BigDecimal amount = Quantity.getAmountInBytes(quantity);
            if (amount.signum() < 0) {
              problems.add(path + "." + name, "'%s' is negative".formatted(quantity));
            }
          } catch (IllegalArgumentException | ArithmeticException e) {
            problems.add(
                path + "." + name,
                "'%s' is no quantity; expected one as 500m, 2 or 128Mi".formatted(quantity));
          }
        });
  }

  private void oneOf(String path, @Nullable String value, List<String> allowed) {
    if (value != null && !allowed.contains(value)) {
      problems.add(
          path,
          "'%s' is not one of %s%s"
              .formatted(value, String.join(", ", allowed), Nearest.hint(value, allowed)));
    }
  }
}
