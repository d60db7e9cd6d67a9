package io.crema.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.crema.cni.NodeNetwork;
import io.crema.image.ImageServiceConfig;
import io.crema.server.streaming.Limits;
import io.crema.server.streaming.StreamingConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConfigReaderTest {
  private static ServerConfig read(String toml) throws ConfigException {
    return ConfigReader.parse("config.toml", toml, Map.of());
  }

  private static List<String> problems(String toml) {
    ConfigException e = catchThrowableOfType(ConfigException.class, () -> read(toml));
    return e.problems();
  }

  @Test
  void defaultsAreThese() throws Exception {
    ServerConfig config = read("");
    assertThat(config.root()).isEqualTo(Path.of("/var/lib/crema"));
    assertThat(config.state()).isEqualTo(Path.of("/run/crema"));
    assertThat(config.address()).isEqualTo(Path.of("/run/crema/crema.sock"));
    assertThat(config.certsDirs()).hasSize(1);
    assertThat(config.logLevel()).isEqualTo("info");
    assertThat(config.bridge()).isEqualTo("crema0");
    assertThat(config.table()).isEqualTo("crema");
    assertThat(config.mtu()).isZero();
    assertThat(config.podCidrs()).containsExactly("10.76.0.0/16", "fd76:c4e3:a000::/64");
    assertThat(config.image()).isEqualTo(ImageSettings.DEFAULT);
  }

  @Test
  void everyKeyCanBeSet() throws Exception {
    ServerConfig config =
        read(
            """
            root = "/data/crema"
            state = "/run/c2"
            address = "unix:///run/c2.sock"
            certs_dir = "/data/certs.d"
            log_level = "debug"
            [network]
            bridge = "pods0"
            table = "pods"
            mtu = 1400
            pod_cidrs = ["10.9.0.0/24"]
            mode = "cni"
            cni_conf_dir = "/data/cni.d"
            cni_bin_dirs = ["/data/bin", "/opt/cni/bin"]
            [image]
            pinned = ["registry.k8s.io/pause:3.10"]
            parallel_layers = 5
            connect_timeout = "5s"
            response_timeout = "1m"
            progress_timeout = "250ms"
            min_speed = "10KiB"
            retries = 0
            max_layer_size = "2TiB"
            max_unpacked_size = 1000
            max_unpacked_ratio = 2000
            max_layer_entries = 100
            [streaming]
            address = "[::1]:10350"
            tls_cert_file = "/etc/crema/tls.crt"
            tls_key_file = "/etc/crema/tls.key"
            idle_timeout = "1m"
            max_connections = 8
            """);
    assertThat(config)
        .isEqualTo(
            new ServerConfig(
                Path.of("/data/crema"),
                Path.of("/run/c2"),
                Path.of("/run/c2.sock"),
                List.of(Path.of("/data/certs.d")),
                "debug",
                "pods0",
                "pods",
                1400,
                List.of("10.9.0.0/24"),
                new ServerConfig.Cni(
                    NodeNetwork.Mode.CNI,
                    Path.of("/data/cni.d"),
                    List.of(Path.of("/data/bin"), Path.of("/opt/cni/bin"))),
                new ImageSettings(
                    List.of("registry.k8s.io/pause:3.10"),
                    5,
                    Duration.ofSeconds(5),
                    Duration.ofMinutes(1),
                    Duration.ofMillis(250),
                    10_240,
                    0,
                    2L << 40,
                    1000,
                    2000,
                    100),
                new StreamingConfig(
                    "::1",
                    10350,
                    Path.of("/etc/crema/tls.crt"),
                    Path.of("/etc/crema/tls.key"),
                    new Limits(Duration.ofSeconds(30), Duration.ofMinutes(1), 8))));
    assertThat(config.describe().keySet())
        .containsExactlyInAnyOrder(Key.paths().toArray(String[]::new));
  }

  @Test
  void settingsOfImagesThatMakeNoSenseAreRefused() {
    assertThat(
            problems(
                """
                [image]
                parallel_layers = 0
                connect_timeout = 5
                response_timeout = "soon"
                progress_timeout = "0s"
                min_speed = "1kB"
                retries = -1
                max_layer_size = "99999999TiB"
                max_unpacked_size = 0
                max_unpacked_ratio = 1.5
                max_layer_entries = "many"
                """))
        .hasSize(10)
        .contains(
            "image.parallel_layers: 0 is not a whole number from 1 to 2147483647",
            "image.progress_timeout: \"0s\" is not a duration of at least 1ms, such as \"30s\" (ms, s, m, h)");
  }

  /** The daemon hands them on one by one: what the image service defaults to is said here. */
  @Test
  void theImageServicesDefaultsAreTheSame() {
    ImageServiceConfig service = ImageServiceConfig.at(Path.of("/x"));
    ImageSettings ours = ImageSettings.DEFAULT;
    assertThat(ours.parallelLayers()).isEqualTo(service.parallelLayers());
    assertThat(ours.connectTimeout()).isEqualTo(service.connectTimeout());
    assertThat(ours.responseTimeout()).isEqualTo(service.responseTimeout());
    assertThat(ours.progressTimeout()).isEqualTo(service.stallTimeout());
    assertThat(ours.minSpeed()).isEqualTo(service.minBytesPerSecond());
    assertThat(ours.retries()).isEqualTo(service.retries());
    assertThat(ours.maxLayerSize()).isEqualTo(service.limits().layerBytes());
    assertThat(ours.maxUnpackedSize()).isEqualTo(service.limits().unpackedBytes());
    assertThat(ours.maxUnpackedRatio()).isEqualTo(service.limits().unpackedRatio());
    assertThat(ours.maxLayerEntries()).isEqualTo(service.limits().entries());
  }

  @Test
  void allProblemsAreReportedTogether() {
    assertThat(
            problems(
                """
                rot = "/x"
                state = 5
                log_level = "inof"
                [netwrok]
                bridge = "x"
                [network]
                bridge = "a-name-that-is-too-long"
                pod_cidr = "10.0.0.0/8"
                mtu = 9
                """))
        .containsExactlyInAnyOrder(
            "rot: unknown key; did you mean 'root'?",
            "state: 5 is not an absolute path",
            "log_level: 'inof' is not one of error, warn, info, debug, trace; did you mean"
                + " 'info'?",
            "netwrok: unknown key; did you mean 'network'?",
            "network.bridge: 'a-name-that-is-too-long' is no interface name: 1 to 15 letters,"
                + " digits, '_', '.', '-'",
            "network.pod_cidr: unknown key; did you mean 'network.pod_cidrs'?",
            "network.mtu: 9 is not 0 (as the host's default route) or 1280 to 65535");
  }

  @Test
  void whatIsNotTomlIsToldWithItsLine() {
    assertThat(problems("root = \"/x\"\nstate = ")).singleElement().asString().startsWith("line 2");
  }

  @Test
  void streamingIsOnTheLoopbackUnlessSaidOtherwise() throws Exception {
    assertThat(read("").streaming()).isEqualTo(StreamingConfig.DEFAULT);
    assertThat(read("").streaming().address()).isEqualTo("127.0.0.1:0");
    assertThat(
            problems(
                """
                [streaming]
                address = "nowhere"
                tls_key_file = "/k"
                idle_timeout = "0s"
                """))
        .containsExactlyInAnyOrder(
            "streaming.address: 'nowhere' is not an address and a port such as \"127.0.0.1:0\" or"
                + " \"[::1]:10350\"",
            "streaming.tls_cert_file and streaming.tls_key_file: either both or neither",
            "streaming.idle_timeout: \"0s\" is not a duration of at least 1ms, such as \"30s\" (ms, s, m, h)");
  }

  @Test
  void rangesMustBeRanges() {
    assertThat(problems("[network]\npod_cidrs = [\"10.0.0.0/99\"]"))
        .containsExactly("network.pod_cidrs: '10.0.0.0/99' is no address range");
    assertThat(problems("[network]\npod_cidrs = [\"10.0.0.0/16\", \"10.1.0.0/16\"]"))
        .containsExactly(
            "network.pod_cidrs: [10.0.0.0/16, 10.1.0.0/16] is not a list of at most one IPv4 and"
                + " one IPv6 range such as [\"10.88.0.0/16\"]");
  }

  @Test
  void theCommandLineLiesOverTheFile() throws Exception {
    ServerConfig config =
        ConfigReader.parse("c", "state = \"/run/a\"", Map.of(Key.STATE, "/run/b"));
    assertThat(config.state()).isEqualTo(Path.of("/run/b"));
    assertThat(config.address()).isEqualTo(Path.of("/run/b/crema.sock"));
  }

  @Test
  void daemonsSideBySideHaveNetworksOfTheirOwn() throws Exception {
    ServerConfig a = read("state = \"/run/a\"");
    ServerConfig b = read("state = \"/run/b\"");
    assertThat(a.bridge()).isNotEqualTo(b.bridge()).hasSizeLessThanOrEqualTo(15);
    assertThat(a.table()).isNotEqualTo(b.table());
    assertThat(a.podCidrs()).doesNotContainAnyElementsOf(b.podCidrs());
    assertThat(read("state = \"/run/a\"")).isEqualTo(a);
  }

  @Test
  void aSocketPathThatTheKernelCannotHoldIsRefused() {
    assertThat(problems("address = \"/%s\"".formatted("x".repeat(107))))
        .singleElement()
        .asString()
        .endsWith("is longer than the 107 bytes that a socket's path may have");
  }

  @Test
  void everyKeyIsDocumented() throws Exception {
    String text = Files.readString(Path.of("../docs/configuration.md"));
    for (String path : Key.paths()) {
      assertThat(text).contains("`" + path + "`");
    }
  }
}
