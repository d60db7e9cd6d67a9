package io.crema.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes the configuration files that crictl makes pods and containers of, in a test's own
 * directory.
 */
final class Pods {

  private static final JsonMapper JSON = new JsonMapper();

  private final Path directory;
  private final Crictl crictl;

  Pods(Daemon daemon) {
    this.directory = daemon.directory();
    this.crictl = daemon.crictl();
  }

  /**
   * A pod in a network of its own.
   *
   * @param id its sandbox
   * @param config the file that it was made from
   * @param logs its log directory
   */
  record Pod(String id, Path config, Path logs) {}

  /** A port of the node that leads to one of the pod. */
  record HostPort(int container, int host) {

    Map<String, Object> json() {
      return Map.of("protocol", 0, "container_port", container, "host_port", host);
    }
  }

  /** A directory of the node that the container sees. */
  record HostPath(Path host, String container) {

    Map<String, Object> json() {
      return Map.of("host_path", host.toString(), "container_path", container);
    }
  }

  /** Runs a pod with {@code crictl runp}. */
  Pod run(String name, HostPort... ports) {
    Path logs = directory.resolve("logs").resolve(name);
    Path config =
        write(
            name + "-pod.json",
            Map.of(
                "metadata",
                Map.of("name", name, "namespace", "e2e", "uid", "uid-" + name, "attempt", 1),
                "hostname",
                name,
                "log_directory",
                logs.toString(),
                "labels",
                Map.of("app", name),
                "annotations",
                Map.of("e2e/note", "kept as it is: \u00e9"),
                "port_mappings",
                List.of(ports).stream().map(HostPort::json).toList(),
                "linux",
                Map.of("security_context", Map.of("namespace_options", Map.of("pid", 1)))));
    try {
      Files.createDirectories(logs); // as the kubelet does
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Pod(crictl.ok("runp", config.toString()), config, logs);
  }

  /** Runs a pod that is as {@code config} says, in the CRI's JSON, beside its metadata and logs. */
  Command.Result tryRun(String name, Map<String, Object> config) {
    return crictl.run("runp", configuration(name, config).toString());
  }

  /** As {@link #tryRun}, and expects it to succeed. */
  Pod run(String name, Map<String, Object> config) {
    String id = tryRun(name, config).ok();
    return new Pod(id, configuration(name, config), directory.resolve("logs").resolve(name));
  }

  private Path configuration(String name, Map<String, Object> config) {
    Path logs = directory.resolve("logs").resolve(name);
    Map<String, Object> all = new LinkedHashMap<>(config);
    all.put(
        "metadata", Map.of("name", name, "namespace", "e2e", "uid", "uid-" + name, "attempt", 1));
    all.put("log_directory", logs.toString());
    try {
      Files.createDirectories(logs); // as the kubelet does
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return write(name + "-pod.json", all);
  }

  /**
   * Makes a container of {@link Node#BUSYBOX}, or of what {@code image_name} says, that is as
   * {@code config} says, in the CRI's JSON, beside its metadata, image, command and log.
   */
  Command.Result tryCreate(Pod pod, String name, List<String> command, Map<String, Object> config) {
    Map<String, Object> all = new LinkedHashMap<>(config);
    all.put("metadata", Map.of("name", name, "attempt", 0));
    Object image = all.remove("image_name");
    all.put("image", Map.of("image", image == null ? Node.BUSYBOX : image));
    all.put("command", command);
    all.put("log_path", name + ".log");
    Path file = write(pod.id().substring(0, 12) + "-" + name.replace('/', '_') + ".json", all);
    return crictl.run("create", pod.id(), file.toString(), pod.config().toString());
  }

  /** As {@link #tryCreate}, started, and expects both to succeed. */
  String start(Pod pod, String name, List<String> command, Map<String, Object> config) {
    String id = tryCreate(pod, name, command, config).ok();
    crictl.ok("start", id);
    return id;
  }

  /** Makes a container with {@code crictl create}; an empty command is the image's own. */
  String create(Pod pod, String name, String image, List<String> command, HostPath... mounts) {
    Path config =
        write(
            pod.id().substring(0, 12) + "-" + name + ".json",
            Map.of(
                "metadata",
                Map.of("name", name, "attempt", 2),
                "image",
                Map.of("image", image),
                "command",
                command,
                "log_path",
                name + ".log",
                "labels",
                Map.of("part", name),
                "mounts",
                List.of(mounts).stream().map(HostPath::json).toList()));
    return crictl.ok("create", pod.id(), config.toString(), pod.config().toString());
  }

  /** Makes and starts a container. */
  String start(Pod pod, String name, String image, List<String> command, HostPath... mounts) {
    String id = create(pod, name, image, command, mounts);
    crictl.ok("start", id);
    return id;
  }

  /** The contents of a container's log without the CRI's prefixes. */
  static List<String> logged(Pod pod, String name) {
    List<String> lines = new ArrayList<>();
    try {
      StringBuilder partial = new StringBuilder();
      for (String line : Files.readAllLines(pod.logs().resolve(name + ".log"))) {
        String[] parts = line.split(" ", 4); // time, stream, tag, content
        partial.append(parts[3]);
        if (parts[2].equals("F")) {
          lines.add(partial.toString());
          partial.setLength(0);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return lines;
  }

  private Path write(String name, Map<String, Object> config) {
    Path file = directory.resolve(name);
    JSON.writeValue(file.toFile(), config);
    return file;
  }
}
