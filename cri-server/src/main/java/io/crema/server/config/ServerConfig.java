package io.crema.server.config;

import io.crema.cni.BridgeConfig;
import io.crema.cni.NodeNetwork;
import io.crema.server.streaming.StreamingConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/**
 * What the daemon is set to.
 *
 * @param root images, records and writable layers
 * @param state sockets, namespaces and journals
 * @param address the CRI socket
 * @param certsDirs registry hosts, the first that has a host wins
 * @param logLevel a key of {@code Logging.LEVELS}
 * @param bridge name of the bridge for pods
 * @param table name of the nftables table
 * @param mtu of the bridge and the pods; 0 for that of the host's default route
 * @param podCidrs ranges for pods, until the kubelet sends others
 * @param cni standard network plugins
 * @param streaming where exec, attach and port forwarding are served
 */
public record ServerConfig(
    Path root,
    Path state,
    Path address,
    List<Path> certsDirs,
    String logLevel,
    String bridge,
    String table,
    int mtu,
    List<String> podCidrs,
    Cni cni,
    ImageSettings image,
    StreamingConfig streaming) {
  /**
   * Standard network plugins.
   *
   * @param mode when they serve pods
   * @param confDir its first configuration counts
   * @param binDirs the first that has a program wins
   */
  public record Cni(NodeNetwork.Mode mode, Path confDir, List<Path> binDirs) {
    /** Where Kubernetes' network add-ons install themselves. */
    public static final Cni DEFAULT =
        new Cni(NodeNetwork.Mode.AUTO, Path.of("/etc/cni/net.d"), List.of(Path.of("/opt/cni/bin")));

    public Cni {
      binDirs = List.copyOf(binDirs);
    }
  }

  /** Where the daemon of a node keeps what lasts. */
  public static final Path ROOT = Path.of("/var/lib/crema");

  /** Where the daemon of a node keeps what a reboot may take. */
  public static final Path STATE = Path.of("/run/crema");

  /** Read when {@code --config} names no other; it need not exist. */
  public static final Path FILE = Path.of("/etc/crema/config.toml");

  private static final Path CERTS = Path.of("/etc/crema/certs.d");

  /** A node that ran containerd keeps its registry settings. */
  private static final Path CONTAINERD_CERTS = Path.of("/etc/containerd/certs.d");

  public ServerConfig {
    certsDirs = List.copyOf(certsDirs);
    podCidrs = List.copyOf(podCidrs);
  }

  /** {@code crema.sock} in the state directory. */
  public static Path address(Path state) {
    return state.resolve("crema.sock");
  }

  /** The default registry settings that exist here; at least one, be it absent. */
  static List<Path> defaultCertsDirs() {
    return !Files.isDirectory(CERTS) && Files.isDirectory(CONTAINERD_CERTS)
        ? List.of(CONTAINERD_CERTS)
        : List.of(CERTS);
  }

  /**
   * The names and ranges of a daemon's network. The default state directory has the plain ones;
   * another has its own, derived from its path, so that daemons side by side don't meet.
   */
  static Network network(Path state) {
    if (state.equals(STATE)) {
      return new Network(
          BridgeConfig.DEFAULT.bridge(),
          BridgeConfig.DEFAULT.table(),
          List.of(BridgeConfig.DEFAULT.podCidr().split(",")));
    }
    long bits =
        UUID.nameUUIDFromBytes(state.toString().getBytes(StandardCharsets.UTF_8))
            .getLeastSignificantBits();
    String suffix = "%08x".formatted((int) bits);
    int slice = (int) (bits >>> 32) & 0x7f;
    // 10.64.0.0/13 in 128 slices of 4094 addresses, beside the default's 10.76.0.0/16.
    // 10.244.
    String v4 = "10.%d.%d.0/20".formatted(64 + (slice >> 4), (slice & 0xf) << 4);
    String v6 = "fd%02x:%04x:%04x::/64".formatted(slice, (bits >>> 16) & 0xffff, bits & 0xffff);
    return new Network("crema-" + suffix, "crema_" + suffix, List.of(v4, v6));
  }

  /** The names and ranges of a daemon's network. */
  record Network(String bridge, String table, List<String> podCidrs) {}

  /** Key by key, as a person would write it. */
  public Map<String, Object> describe() {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put(Key.ROOT.path(), root.toString());
    values.put(Key.STATE.path(), state.toString());
    values.put(Key.ADDRESS.path(), address.toString());
    values.put(Key.CERTS_DIR.path(), certsDirs.stream().map(Path::toString).toList());
    values.put(Key.LOG_LEVEL.path(), logLevel);
    values.put(Key.NETWORK_BRIDGE.path(), bridge);
    values.put(Key.NETWORK_TABLE.path(), table);
    values.put(Key.NETWORK_MTU.path(), mtu);
    values.put(Key.NETWORK_POD_CIDRS.path(), podCidrs);
    values.put(Key.NETWORK_MODE.path(), cni.mode().name().toLowerCase(Locale.ROOT));
    values.put(Key.NETWORK_CNI_CONF_DIR.path(), cni.confDir().toString());
    values.put(
        Key.NETWORK_CNI_BIN_DIRS.path(), cni.binDirs().stream().map(Path::toString).toList());
    values.put(Key.IMAGE_PINNED.path(), image.pinned());
    values.put(Key.IMAGE_PARALLEL_LAYERS.path(), image.parallelLayers());
    values.put(Key.IMAGE_CONNECT_TIMEOUT.path(), Units.text(image.connectTimeout()));
    values.put(Key.IMAGE_RESPONSE_TIMEOUT.path(), Units.text(image.responseTimeout()));
    values.put(Key.IMAGE_PROGRESS_TIMEOUT.path(), Units.text(image.progressTimeout()));
    values.put(Key.IMAGE_MIN_SPEED.path(), Units.text(image.minSpeed()));
    values.put(Key.IMAGE_RETRIES.path(), image.retries());
    values.put(Key.IMAGE_MAX_LAYER_SIZE.path(), Units.text(image.maxLayerSize()));
    values.put(Key.IMAGE_MAX_UNPACKED_SIZE.path(), Units.text(image.maxUnpackedSize()));
    values.put(Key.IMAGE_MAX_UNPACKED_RATIO.path(), image.maxUnpackedRatio());
    values.put(Key.IMAGE_MAX_LAYER_ENTRIES.path(), image.maxLayerEntries());
    values.put(Key.STREAMING_ADDRESS.path(), streaming.address());
    values.put(Key.STREAMING_TLS_CERT.path(), Objects.toString(streaming.certificate(), ""));
    values.put(Key.STREAMING_TLS_KEY.path(), Objects.toString(streaming.key(), ""));
    values.put(Key.STREAMING_IDLE.path(), Units.text(streaming.limits().idle()));
    values.put(Key.STREAMING_CONNECTIONS.path(), streaming.limits().connections());
    return values;
  }
}
