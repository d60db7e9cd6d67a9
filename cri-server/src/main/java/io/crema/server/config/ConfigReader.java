package io.crema.server.config;

import io.crema.cni.NodeNetwork;
import io.crema.cni.ipam.Cidr;
import io.crema.server.streaming.Limits;
import io.crema.server.streaming.StreamingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.toml.TomlMapper;

/** Makes a {@link ServerConfig} of defaults, the file and the command line, in rising order. */
public final class ConfigReader {
  /** sun_path of unix(7) holds 108 bytes with the final zero. */
  private static final int MAX_SOCKET_PATH = 107;

  /** IFNAMSIZ of linux/if.h with the final zero is 16. */
  private static final int MAX_INTERFACE_NAME = 15;

  /** IPv6 in brackets, or anything without a colon. */
  private static final Pattern HOST_PORT =
      Pattern.compile("(?:\\[([0-9A-Fa-f:.]+)]|([^:\\[\\]/\\s]+)):([0-9]{1,5})");

  private static final Set<String> LEVELS = Set.of("error", "warn", "info", "debug", "trace");

  private final List<String> problems = new ArrayList<>();
  private final Map<Key, JsonNode> values = new EnumMap<>(Key.class);

  private ConfigReader() {}

  /**
   * Reads {@code file} and lays {@code flags} over it.
   *
   * @param file null for {@link ServerConfig#FILE}, which need not exist
   * @param flags values from the command line
   */
  public static ServerConfig read(@Nullable Path file, Map<Key, String> flags)
      throws ConfigException, IOException {
    Path chosen = file == null ? ServerConfig.FILE : file;
    String text = file != null || Files.exists(chosen) ? Files.readString(chosen) : "";
    return parse(chosen.toString(), text, flags);
  }

  /** The same for a text; {@code source} names it in errors. */
  static ServerConfig parse(String source, String text, Map<Key, String> flags)
      throws ConfigException {
    ConfigReader reader = new ConfigReader();
    TomlMapper mapper = TomlMapper.builder().build();
    try {
      reader.collect("", mapper.readTree(text));
    } catch (JacksonException e) {
      var at = e.getLocation();
      String where = at == null || at.getLineNr() < 1 ? "" : "line " + at.getLineNr() + ": ";
      throw new ConfigException(source, List.of(where + "not TOML: " + e.getOriginalMessage()));
    }
    flags.forEach(
        (key, value) -> reader.values.put(key, mapper.getNodeFactory().stringNode(value)));
    ServerConfig config = reader.config();
    if (!reader.problems.isEmpty()) {
      throw new ConfigException(source, reader.problems);
    }
    return config;
  }

  private void collect(String prefix, JsonNode table) {
    for (Map.Entry<String, JsonNode> entry : table.properties()) {
      String path = prefix + entry.getKey();
      var key = Key.of(path);
      if (key.isPresent()) {
        values.put(key.get(), entry.getValue());
      } else if (entry.getValue().isObject() && tables().contains(path)) {
        collect(path + ".", entry.getValue());
      } else {
        Set<String> known = new TreeSet<>(Key.paths());
        if (entry.getValue().isObject()) {
          known = tables();
        }
        problems.add("%s: unknown key%s".formatted(path, Nearest.hint(path, known)));
      }
    }
  }

  private static Set<String> tables() {
    Set<String> tables = new TreeSet<>();
    for (String path : Key.paths()) {
      if (path.contains(".")) {
        tables.add(path.substring(0, path.indexOf('.')));
      }
    }
    return tables;
  }

  private ServerConfig config() {
    Path root = path(Key.ROOT, ServerConfig.ROOT);
    Path state = path(Key.STATE, ServerConfig.STATE);
    Path address = path(Key.ADDRESS, ServerConfig.address(state));
    if (address.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8).length
        > MAX_SOCKET_PATH) {
      problems.add(
          "address: %s is longer than the %d bytes that a socket's path may have"
              .formatted(address, MAX_SOCKET_PATH));
    }
    if (root.equals(state)) {
      problems.add("state: must not be the same directory as root, %s".formatted(root));
    }
    ServerConfig.Network network = ServerConfig.network(state);
    String bridge = string(Key.NETWORK_BRIDGE, network.bridge());
    if (!bridge.matches("[A-Za-z0-9_.-]{1," + MAX_INTERFACE_NAME + "}")) {
      problems.add(
          "network.bridge: '%s' is no interface name: 1 to %d letters, digits, '_', '.', '-'"
              .formatted(bridge, MAX_INTERFACE_NAME));
    }
    String table = string(Key.NETWORK_TABLE, network.table());
    if (!table.matches("[A-Za-z][A-Za-z0-9_.]{0,62}")) {
      problems.add(
          "network.table: '%s' is no table name: a letter, then letters, digits, '_', '.'"
              .formatted(table));
    }
    return new ServerConfig(
        root,
        state,
        address,
        values.containsKey(Key.CERTS_DIR)
            ? List.of(path(Key.CERTS_DIR, root))
            : ServerConfig.defaultCertsDirs(),
        level(),
        bridge,
        table,
        mtu(),
        cidrs(network.podCidrs()),
        cni(),
        image(ImageSettings.DEFAULT),
        streaming());
  }

  private StreamingConfig streaming() {
    Limits limits =
        new Limits(
            Limits.DEFAULT.creation(),
            duration(Key.STREAMING_IDLE, Limits.DEFAULT.idle()),
            whole(Key.STREAMING_CONNECTIONS, 1, Limits.DEFAULT.connections()));
    @Nullable Path certificate = file(Key.STREAMING_TLS_CERT);
    @Nullable Path key = file(Key.STREAMING_TLS_KEY);
    if ((certificate == null) != (key == null)) {
      problems.add(
          "%s and %s: either both or neither"
              .formatted(Key.STREAMING_TLS_CERT.path(), Key.STREAMING_TLS_KEY.path()));
      key = null;
      certificate = null;
    }
    String address = string(Key.STREAMING_ADDRESS, StreamingConfig.DEFAULT.address());
    Matcher parts = HOST_PORT.matcher(address);
    if (!parts.matches() || Integer.parseInt(parts.group(3)) > 65535) {
      problems.add(
          "%s: '%s' is not %s"
              .formatted(
                  Key.STREAMING_ADDRESS.path(), address, Key.STREAMING_ADDRESS.kind.expected));
      return StreamingConfig.DEFAULT;
    }
    String host = parts.group(1) == null ? parts.group(2) : parts.group(1);
    return new StreamingConfig(host, Integer.parseInt(parts.group(3)), certificate, key, limits);
  }

  private @Nullable Path file(Key key) {
    return values.containsKey(key) ? path(key, ServerConfig.FILE) : null;
  }

  private ImageSettings image(ImageSettings otherwise) {
    return new ImageSettings(
        strings(Key.IMAGE_PINNED, otherwise.pinned()),
        whole(Key.IMAGE_PARALLEL_LAYERS, 1, otherwise.parallelLayers()),
        duration(Key.IMAGE_CONNECT_TIMEOUT, otherwise.connectTimeout()),
        duration(Key.IMAGE_RESPONSE_TIMEOUT, otherwise.responseTimeout()),
        duration(Key.IMAGE_PROGRESS_TIMEOUT, otherwise.progressTimeout()),
        size(Key.IMAGE_MIN_SPEED, otherwise.minSpeed()),
        whole(Key.IMAGE_RETRIES, 0, otherwise.retries()),
        size(Key.IMAGE_MAX_LAYER_SIZE, otherwise.maxLayerSize()),
        size(Key.IMAGE_MAX_UNPACKED_SIZE, otherwise.maxUnpackedSize()),
        whole(Key.IMAGE_MAX_UNPACKED_RATIO, 1, otherwise.maxUnpackedRatio()),
        whole(Key.IMAGE_MAX_LAYER_ENTRIES, 1, (int) otherwise.maxLayerEntries()));
  }

  private int whole(Key key, int least, int otherwise) {
    @Nullable JsonNode node = values.get(key);
    if (node == null) {
      return otherwise;
    }
    if (!node.isInt() || node.intValue() < least) {
      wrong(key, node);
      return otherwise;
    }
    return node.intValue();
  }

  private Duration duration(Key key, Duration otherwise) {
    @Nullable JsonNode node = values.get(key);
    if (node == null) {
      return otherwise;
    }
    Optional<Duration> duration =
        Units.duration(node.isString() ? node.stringValue() : "").filter(Duration::isPositive);
    if (duration.isEmpty()) {
      wrong(key, node);
    }
    return duration.orElse(otherwise);
  }

  private long size(Key key, long otherwise) {
    @Nullable JsonNode node = values.get(key);
    if (node == null) {
      return otherwise;
    }
    Optional<Long> size =
        Units.size(node.isString() ? node.stringValue() : node.toString()).filter(n -> n > 0);
    if (size.isEmpty()) {
      wrong(key, node);
    }
    return size.orElse(otherwise);
  }

  private Path path(Key key, Path otherwise) {
    @Nullable JsonNode node = values.get(key);
    if (node == null) {
      return otherwise;
    }
    String text = node.isString() ? node.stringValue() : "";
    if (key == Key.ADDRESS && text.startsWith("unix://")) {
      text = text.substring("unix://".length());
    }
    if (!text.startsWith("/")) {
      wrong(key, node);
      return otherwise;
    }
    return Path.of(text).normalize();
  }

  private String string(Key key, String otherwise) {
    @Nullable JsonNode node = values.get(key);
    if (node == null) {
      return otherwise;
    }
    if (!node.isString()) {
      wrong(key, node);
      return otherwise;
    }
    return node.stringValue();
  }

  private String level() {
    String level = string(Key.LOG_LEVEL, "info").toLowerCase(Locale.ROOT);
    if (!LEVELS.contains(level)) {
      problems.add(
          "log_level: '%s' is not %s%s"
              .formatted(level, Key.LOG_LEVEL.kind.expected, Nearest.hint(level, LEVELS)));
    }
    return level;
  }

  private List<String> strings(Key key, List<String> otherwise) {
    @Nullable JsonNode node = values.get(key);
    if (node == null) {
      return otherwise;
    }
    List<String> strings = new ArrayList<>();
    if (node.isString()) {
      strings.addAll(List.of(node.stringValue().split(",", -1)));
    } else if (node.isArray() && node.values().stream().allMatch(JsonNode::isString)) {
      node.values().forEach(each -> strings.add(each.stringValue()));
    } else {
      wrong(key, node);
      return otherwise;
    }
    return strings;
  }

  private int mtu() {
    @Nullable JsonNode node = values.get(Key.NETWORK_MTU);
    if (node == null) {
      return 0;
    }
    int mtu = node.isInt() ? node.intValue() : -1;
    if (mtu != 0 && (mtu < 1280 || mtu > 65535)) {
      wrong(Key.NETWORK_MTU, node);
    }
    return mtu;
  }

  private List<String> cidrs(List<String> otherwise) {
    List<String> cidrs = strings(Key.NETWORK_POD_CIDRS, otherwise);
    long v6 = cidrs.stream().filter(cidr -> cidr.contains(":")).count();
    if (cidrs.isEmpty() || v6 > 1 || cidrs.size() - v6 > 1) {
      problems.add(
          "network.pod_cidrs: %s is not %s".formatted(cidrs, Key.NETWORK_POD_CIDRS.kind.expected));
    }
    for (String cidr : cidrs) {
      try {
        Cidr.parse(cidr);
      } catch (IllegalArgumentException e) {
        problems.add("network.pod_cidrs: '%s' is no address range".formatted(cidr));
      }
    }
    return cidrs;
  }

  private ServerConfig.Cni cni() {
    ServerConfig.Cni otherwise = ServerConfig.Cni.DEFAULT;
    NodeNetwork.Mode mode = otherwise.mode();
    String text = string(Key.NETWORK_MODE, mode.name());
    try {
      mode = NodeNetwork.Mode.valueOf(text.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      problems.add("network.mode: '%s' is not %s".formatted(text, Key.NETWORK_MODE.kind.expected));
    }
    List<String> dirs =
        strings(
            Key.NETWORK_CNI_BIN_DIRS, otherwise.binDirs().stream().map(Path::toString).toList());
    for (String dir : dirs) {
      if (!dir.startsWith("/")) {
        problems.add("network.cni_bin_dirs: '%s' is not an absolute path".formatted(dir));
      }
    }
    return new ServerConfig.Cni(
        mode,
        path(Key.NETWORK_CNI_CONF_DIR, otherwise.confDir()),
        dirs.stream().map(Path::of).toList());
  }

  private void wrong(Key key, JsonNode node) {
    problems.add("%s: %s is not %s".formatted(key.path(), node, key.kind.expected));
  }
}
