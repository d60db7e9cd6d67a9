package io.crema.sandbox.life;

import io.crema.image.model.ImageConfig;
import io.crema.runtime.launch.EnvEntry;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.EnvVar;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a container executes: the image's word, overridden by the client's. */
final class ProcessConfig {
  private static final String DEFAULT_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private ProcessConfig() {}

  /**
   * The command line: {@code command} replaces ENTRYPOINT and drops CMD, {@code args} alone
   * replaces CMD; empty when neither the image nor the client names one.
   */
  static List<String> arguments(ContainerConfig config, ImageConfig image) {
    List<String> out = new ArrayList<>();
    if (config.command().isEmpty()) {
      out.addAll(image.entrypoint());
      out.addAll(config.args().isEmpty() ? image.cmd() : config.args());
    } else {
      out.addAll(config.command());
      out.addAll(config.args());
    }
    return out;
  }

  /** The environment: what every process gets, the image's, then the client's; later ones win. */
  static List<EnvEntry> environment(ContainerConfig config, ImageConfig image, String hostname) {
    Map<String, EnvEntry> env = new LinkedHashMap<>();
    put(env, EnvEntry.of("PATH", DEFAULT_PATH));
    if (config.tty()) {
      put(env, EnvEntry.of("TERM", "xterm"));
    }
    put(env, EnvEntry.of("HOSTNAME", hostname));
    for (String entry : image.env()) {
      int equals = entry.indexOf('=');
      if (equals > 0) {
        put(env, EnvEntry.of(entry.substring(0, equals), entry.substring(equals + 1)));
      }
    }
    for (EnvVar variable : config.envs()) {
      put(env, new EnvEntry(variable.key(), variable.value()));
    }
    return List.copyOf(env.values());
  }

  private static void put(Map<String, EnvEntry> env, EnvEntry entry) {
    env.put(entry.name(), entry);
  }

  /** The working directory: the client's, the image's, or the root. */
  static String workingDirectory(ContainerConfig config, ImageConfig image) {
    if (!config.workingDir().isEmpty()) {
      return config.workingDir();
    }
    return image.workingDir().isEmpty() ? "/" : image.workingDir();
  }

  /** The signal that asks the container to end, by name. */
  static String stopSignal(ContainerConfig config, ImageConfig image) {
    if (!config.stopSignal().isEmpty()) {
      return config.stopSignal();
    }
    return image.stopSignal().isEmpty() ? "SIGTERM" : image.stopSignal();
  }
}
