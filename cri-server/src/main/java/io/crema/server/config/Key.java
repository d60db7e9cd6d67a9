package io.crema.server.config;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The keys of {@code config.toml}; each is optional and described in docs/configuration.md. */
public enum Key {
  /** Images, records and writable layers. */
  ROOT("root", Kind.PATH),
  /** Sockets, namespaces and journals: what a reboot may take. */
  STATE("state", Kind.PATH),
  /** The CRI socket. */
  ADDRESS("address", Kind.PATH),
  /** {@code <host>/hosts.toml} for registries, in containerd's format. */
  CERTS_DIR("certs_dir", Kind.PATH),
  /** How much is logged. */
  LOG_LEVEL("log_level", Kind.LEVEL),
  /** The bridge's name. */
  NETWORK_BRIDGE("network.bridge", Kind.STRING),
  /** The nftables table's name. */
  NETWORK_TABLE("network.table", Kind.STRING),
  /** Of the bridge and the pods' interfaces. */
  NETWORK_MTU("network.mtu", Kind.MTU),
  /** One IPv4 and/or one IPv6 range for pods. */
  NETWORK_POD_CIDRS("network.pod_cidrs", Kind.CIDRS),
  /** Whether CNI plugins or the built-in network serve pods. */
  NETWORK_MODE("network.mode", Kind.MODE),
  /** Where CNI configurations are. */
  NETWORK_CNI_CONF_DIR("network.cni_conf_dir", Kind.PATH),
  /** Where CNI plugins' programs are. */
  NETWORK_CNI_BIN_DIRS("network.cni_bin_dirs", Kind.PATHS),
  /** Images that are never removed to free space. */
  IMAGE_PINNED("image.pinned", Kind.STRINGS),
  /** Layers of one pull that download and unpack at once. */
  IMAGE_PARALLEL_LAYERS("image.parallel_layers", Kind.COUNT),
  /** For a registry host to accept a connection. */
  IMAGE_CONNECT_TIMEOUT("image.connect_timeout", Kind.DURATION),
  /** For a registry host to begin its answer. */
  IMAGE_RESPONSE_TIMEOUT("image.response_timeout", Kind.DURATION),
  /** How long a download may bring less than {@link #IMAGE_MIN_SPEED}. */
  IMAGE_PROGRESS_TIMEOUT("image.progress_timeout", Kind.DURATION),
  /** What a download must bring in a second. */
  IMAGE_MIN_SPEED("image.min_speed", Kind.SIZE),
  /** Attempts without progress after the first. */
  IMAGE_RETRIES("image.retries", Kind.NUMBER),
  /** One layer as downloaded. */
  IMAGE_MAX_LAYER_SIZE("image.max_layer_size", Kind.SIZE),
  /** One layer unpacked. */
  IMAGE_MAX_UNPACKED_SIZE("image.max_unpacked_size", Kind.SIZE),
  /** Unpacked to downloaded. */
  IMAGE_MAX_UNPACKED_RATIO("image.max_unpacked_ratio", Kind.COUNT),
  /** Files in one layer. */
  IMAGE_MAX_LAYER_ENTRIES("image.max_layer_entries", Kind.COUNT),
  /** Where the streaming server of exec, attach and port forwarding listens. */
  STREAMING_ADDRESS("streaming.address", Kind.HOST_PORT),
  /** Its certificate, PEM. */
  STREAMING_TLS_CERT("streaming.tls_cert_file", Kind.PATH),
  /** The certificate's key, PEM. */
  STREAMING_TLS_KEY("streaming.tls_key_file", Kind.PATH),
  /** How long without a byte until a session ends. */
  STREAMING_IDLE("streaming.idle_timeout", Kind.DURATION),
  /** Connections at once. */
  STREAMING_CONNECTIONS("streaming.max_connections", Kind.COUNT);

  /** What values a key takes. */
  enum Kind {
    PATH("an absolute path"),
    STRING("a string"),
    LEVEL("one of error, warn, info, debug, trace"),
    STRINGS("a list of strings"),
    PATHS("a list of absolute paths"),
    MODE("one of auto, bridge, cni"),
    COUNT("a whole number from 1 to 2147483647"),
    NUMBER("a whole number from 0 to 2147483647"),
    DURATION("a duration of at least 1ms, such as \"30s\" (ms, s, m, h)"),
    SIZE("a size of at least 1 byte, such as 1024 or \"64GiB\" (B, KiB, MiB, GiB, TiB)"),
    HOST_PORT("an address and a port such as \"127.0.0.1:0\" or \"[::1]:10350\""),
    MTU("0 (as the host's default route) or 1280 to 65535"),
    CIDRS("a list of at most one IPv4 and one IPv6 range such as [\"10.88.0.0/16\"]");

    final String expected;

    Kind(String expected) {
      this.expected = expected;
    }
  }

  private final String path;
  final Kind kind;

  Key(String path, Kind kind) {
    this.path = path;
    this.kind = kind;
  }

  /** As in the file, tables and key joined by dots. */
  public String path() {
    return path;
  }

  static Optional<Key> of(String path) {
    return Arrays.stream(values()).filter(key -> key.path.equals(path)).findFirst();
  }

  static List<String> paths() {
    return Arrays.stream(values()).map(Key::path).toList();
  }
}
