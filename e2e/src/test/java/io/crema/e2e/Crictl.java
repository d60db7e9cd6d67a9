package io.crema.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** crictl as a user calls it, against one daemon. */
public record Crictl(Path program, Path socket) {

  private static final JsonMapper JSON = new JsonMapper();

  /** Runs {@code crictl ARGUMENTS...}. */
  public Command.Result run(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(program.toString());
    command.add("--config=" + config());
    command.addAll(List.of(arguments));
    return Command.run(command, Map.of(), Duration.ofMinutes(2));
  }

  /** Runs it, expects success and returns its standard output. */
  public String ok(String... arguments) {
    return run(arguments).ok();
  }

  /** Runs a command that prints JSON. */
  public JsonNode json(String... arguments) {
    return JSON.readTree(ok(arguments));
  }

  /** The lines of a command that prints ids ({@code -q}). */
  public List<String> ids(String... arguments) {
    return ok(arguments).lines().filter(l -> !l.isBlank()).toList();
  }

  /** Stops and removes all pods with their containers, as a test's end. */
  public void removeEverything() {
    ids("pods", "-q").forEach(pod -> ok("stopp", pod));
    ids("pods", "-q").forEach(pod -> ok("rmp", pod));
  }

  private Path config() {
    Path config = socket.resolveSibling("crictl.yaml");
    try {
      if (!Files.exists(config)) {
        Files.writeString(
            config,
            """
            runtime-endpoint: unix://%s
            image-endpoint: unix://%s
            timeout: 30
            """
                .formatted(socket, socket));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return config;
  }
}
