package io.crema.image.registry;

import io.crema.image.registry.RegistryHost.ClientFiles;
import io.crema.image.registry.RegistryHost.Tls;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.toml.TomlMapper;

/**
 * Reads one hosts.toml (containerd core/remotes/docker/config/hosts.go). Whatever is wrong with it
 * is an IllegalArgumentException or JacksonException.
 */
final class HostsToml {
  private static final TomlMapper TOML = TomlMapper.builder().build();

  /** RFC 9110 token; what java.net.http sets itself can't be given. */
  private static final Pattern HEADER = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

  private static final Set<String> OWN_HEADERS =
      Set.of("connection", "content-length", "expect", "host", "upgrade", "range", "authorization");

  private HostsToml() {}

  /** The hosts in the order of the file, then the server. */
  static List<RegistryHost> parse(String registry, Path directory, byte[] text) {
    JsonNode root = TOML.readTree(text);
    List<RegistryHost> hosts = new ArrayList<>();
    for (Map.Entry<String, JsonNode> e : root.path("host").properties()) {
      hosts.add(host(e.getKey(), e.getValue(), directory));
    }
    String server = string(root, "server");
    if (!server.isEmpty()) {
      hosts.add(host(server, root, directory));
    } else {
      hosts.add(
          RegistryHost.upstream(
              registry, tls(root, directory), headers(root), dialTimeout(root), explicitTls(root)));
    }
    return hosts;
  }

  private static RegistryHost host(String address, JsonNode n, Path directory) {
    URI uri = URI.create(address.contains("://") ? address : "https://" + address);
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    if (uri.getHost() == null
        || uri.getRawUserInfo() != null
        || !(scheme.equals("http") || scheme.equals("https"))) {
      throw new IllegalArgumentException(
          "host \"" + address + "\": expected http://HOST or https://HOST");
    }
    String path = uri.getRawPath() == null ? "" : uri.getRawPath().replaceAll("/+$", "");
    if (!path.endsWith("/v2") && !bool(n, "override_path")) {
      path += "/v2";
    }
    // as containerd: TLS settings on an http address of an unusual port mean "https if it can"
    boolean either =
        scheme.equals("http") && explicitTls(n) && RegistryHost.effectivePort(uri) != 80;
    return new RegistryHost(
        URI.create((either ? "https" : scheme) + "://" + uri.getRawAuthority() + path),
        capabilities(address, n),
        tls(n, directory),
        headers(n),
        dialTimeout(n),
        either);
  }

  private static Set<String> capabilities(String address, JsonNode n) {
    Set<String> capabilities = new HashSet<>();
    for (String c : strings(n, "capabilities")) {
      String name = c.toLowerCase(Locale.ROOT);
      if (!RegistryHost.ALL.contains(name)) {
        throw new IllegalArgumentException(
            "host \"%s\": capability \"%s\" is none of pull, resolve, push, referrers"
                .formatted(address, c));
      }
      capabilities.add(name);
    }
    return capabilities.isEmpty() ? RegistryHost.ALL : capabilities;
  }

  private static boolean explicitTls(JsonNode n) {
    return n.has("ca") || n.has("client") || n.has("skip_verify");
  }

  private static Tls tls(JsonNode n, Path directory) {
    return new Tls(
        bool(n, "skip_verify"),
        strings(n, "ca").stream().map(directory::resolve).toList(),
        clients(n.path("client"), directory));
  }

  /** One file, files, or pairs of certificate and key. */
  private static List<ClientFiles> clients(JsonNode n, Path directory) {
    List<ClientFiles> out = new ArrayList<>();
    for (JsonNode c : n.isArray() ? n : n.isMissingNode() ? List.<JsonNode>of() : List.of(n)) {
      if (c.isString()) {
        Path both = directory.resolve(c.asString());
        out.add(new ClientFiles(both, both));
      } else if (c.isArray() && c.size() == 2 && c.get(0).isString() && c.get(1).isString()) {
        Path key = c.get(1).asString().isEmpty() ? null : directory.resolve(c.get(1).asString());
        Path certificate = directory.resolve(c.get(0).asString());
        out.add(new ClientFiles(certificate, key == null ? certificate : key));
      } else {
        throw new IllegalArgumentException(
            "\"client\" must be a file, files, or pairs of certificate and key, not " + n);
      }
    }
    return out;
  }

  private static Map<String, List<String>> headers(JsonNode n) {
    Map<String, List<String>> headers = new LinkedHashMap<>();
    JsonNode table = n.path("header");
    for (String name : table.propertyNames()) {
      List<String> values = strings(table, name);
      boolean printable =
          values.stream().allMatch(v -> v.chars().allMatch(c -> c >= ' ' && c != 127));
      if (!HEADER.matcher(name).matches() || !printable) {
        throw new IllegalArgumentException("\"header\": \"" + name + "\" is no HTTP header");
      }
      if (OWN_HEADERS.contains(name.toLowerCase(Locale.ROOT))) {
        throw new IllegalArgumentException("\"header\": \"" + name + "\" can't be set");
      }
      headers.put(name, values);
    }
    return headers;
  }

  private static @Nullable Duration dialTimeout(JsonNode n) {
    String text = string(n, "dial_timeout");
    if (text.isEmpty()) {
      return null;
    }
    Duration timeout = GoDuration.parse(text);
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("dial_timeout \"" + text + "\" is not more than 0");
    }
    return timeout;
  }

  private static boolean bool(JsonNode n, String key) {
    JsonNode value = n.path(key);
    if (!value.isMissingNode() && !value.isBoolean()) {
      throw new IllegalArgumentException("\"" + key + "\" must be true or false, not " + value);
    }
    return value.asBoolean(false);
  }

  private static String string(JsonNode n, String key) {
    JsonNode value = n.path(key);
    if (!value.isMissingNode() && !value.isString()) {
      throw new IllegalArgumentException("\"" + key + "\" must be a string, not " + value);
    }
    return value.asString("");
  }

  /** A string, or strings; none when the key is absent. */
  private static List<String> strings(JsonNode n, String key) {
    JsonNode value = n.path(key);
    List<String> out = new ArrayList<>();
    for (JsonNode s :
        value.isArray() ? value : value.isMissingNode() ? List.<JsonNode>of() : List.of(value)) {
      if (!s.isString()) {
        throw new IllegalArgumentException(
            "\"" + key + "\" must be a string or strings, not " + value);
      }
      out.add(s.asString());
    }
    return out;
  }
}
