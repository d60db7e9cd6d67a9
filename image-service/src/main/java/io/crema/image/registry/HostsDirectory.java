package io.crema.image.registry;

import io.crema.image.model.PullException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.toml.TomlMapper;

/**
 * Which hosts serve a registry: {@code certs.d/HOST/hosts.toml}, in containerd's format
 * (docs/hosts.md), so that a node keeps its configuration. Read anew for each pull.
 */
public final class HostsDirectory {
  private static final TomlMapper TOML = TomlMapper.builder().build();
  private static final String HUB = "docker.io";
  private static final String HUB_HOST = "registry-1.docker.io";
  private static final Pattern DURATION = Pattern.compile("(\\d+)(ms|s|m|h)");

  private final List<Path> directories;

  /** The first of {@code directories} that knows a registry decides. */
  public HostsDirectory(List<Path> directories) {
    this.directories = List.copyOf(directories);
  }

  /** The hosts for {@code registry} ({@code host[:port]}), in the order in which to try them. */
  List<RegistryHost> of(String registry) throws PullException {
    for (Path directory : directories) {
      for (String name : names(registry)) {
        Path own = directory.resolve(name);
        Path file = own.resolve("hosts.toml");
        if (Files.isRegularFile(file)) {
          return read(registry, file);
        }
      }
    }
    return List.of(RegistryHost.plain(server(registry)));
  }

  /**
   * As containerd: with the port, with {@code _port_} where a colon can't be, and {@code _default}.
   */
  private static List<String> names(String registry) {
    int colon = registry.lastIndexOf(':');
    if (colon < 0 || registry.endsWith("]")) {
      return List.of(registry, "_default");
    }
    return List.of(
        registry,
        registry.substring(0, colon) + "_" + registry.substring(colon + 1) + "_",
        "_default");
  }

  /** The registry itself: by https, but a loopback one by http, as containerd takes it. */
  private static URI server(String registry) {
    if (registry.equals(HUB)) {
      return URI.create("https://" + HUB_HOST + "/v2");
    }
    return URI.create((loopback(registry) ? "http://" : "https://") + registry + "/v2");
  }

  private static boolean loopback(String registry) {
    String host = registry.startsWith("[") ? registry.replaceAll("]:?.*$", "]") : registry;
    int colon = registry.startsWith("[") ? -1 : host.indexOf(':');
    host = colon < 0 ? host : host.substring(0, colon);
    return host.equals("localhost") || host.startsWith("127.") || host.equals("[::1]");
  }

  private static List<RegistryHost> read(String registry, Path file) throws PullException {
    try {
      JsonNode root = TOML.readTree(Files.readAllBytes(file));
      List<RegistryHost> hosts = new ArrayList<>();
      for (Map.Entry<String, JsonNode> e : root.path("host").properties()) {
        hosts.add(host(e.getKey(), e.getValue(), file));
      }
      JsonNode server = root.path("server");
      hosts.add(
          server.isString()
              ? host(server.asString(), root, file)
              : RegistryHost.plain(server(registry)));
      return hosts;
    } catch (IOException | JacksonException | IllegalArgumentException e) {
      throw new PullException.Invalid(file + ": " + e.getMessage(), e);
    }
  }

  private static RegistryHost host(String address, JsonNode n, Path file) {
    String text = address.contains("://") ? address : "https://" + address;
    URI uri = URI.create(text.endsWith("/") ? text.substring(0, text.length() - 1) : text);
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    if (uri.getRawAuthority() == null || !(scheme.equals("http") || scheme.equals("https"))) {
      throw new IllegalArgumentException(
          "host \"" + address + "\": expected http://HOST or https://HOST");
    }
    String path = uri.getRawPath() == null ? "" : uri.getRawPath();
    if (!n.path("override_path").asBoolean(false) && !path.endsWith("/v2")) {
      path += "/v2";
    }
    Set<String> capabilities = new HashSet<>();
    for (JsonNode c : n.path("capabilities")) {
      if (!RegistryHost.ALL.contains(c.asString())) {
        throw new IllegalArgumentException(
            "host \""
                + address
                + "\": capability \""
                + c.asString()
                + "\" is none of pull, resolve, push");
      }
      capabilities.add(c.asString());
    }
    Map<String, List<String>> headers = new LinkedHashMap<>();
    n.path("header").properties().forEach(h -> headers.put(h.getKey(), strings(h.getValue())));
    return new RegistryHost(
        URI.create(scheme + "://" + uri.getRawAuthority() + path),
        capabilities.isEmpty() ? RegistryHost.ALL : capabilities,
        n.path("skip_verify").asBoolean(false),
        strings(n.path("ca")).stream().map(c -> file.resolveSibling(c)).toList(),
        headers,
        duration(n.path("dial_timeout")));
  }

  private static List<String> strings(JsonNode n) {
    List<String> out = new ArrayList<>();
    if (n.isString()) {
      out.add(n.asString());
    }
    if (n.isArray()) {
      n.forEach(s -> out.add(s.asString()));
    }
    return out;
  }

  private static @Nullable Duration duration(JsonNode n) {
    if (!n.isString()) {
      return null;
    }
    Matcher m = DURATION.matcher(n.asString());
    if (!m.matches()) {
      throw new IllegalArgumentException(
          "dial_timeout \"" + n.asString() + "\": expected a duration such as 5s");
    }
    long value = Long.parseLong(m.group(1));
    return switch (m.group(2)) {
      case "ms" -> Duration.ofMillis(value);
      case "s" -> Duration.ofSeconds(value);
      case "m" -> Duration.ofMinutes(value);
      default -> Duration.ofHours(value);
    };
  }
}
