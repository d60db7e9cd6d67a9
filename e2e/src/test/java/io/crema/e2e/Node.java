package io.crema.e2e;

import io.crema.e2e.registry.Layout;
import io.crema.e2e.registry.Registry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The throwaway node that this JVM runs in, made by {@code e2e/in-node}: the host, as the tests may
 * use it up.
 *
 * @param directory for the state of daemons and tests; gone with the node
 * @param engine which daemon is tested
 * @param clients where crictl and critest are
 * @param peers where containerd and its programs are; only with {@link Engine#CONTAINERD}
 * @param checkout the project that the daemon is started from
 * @param registryPort of the registry that serves the images
 */
public record Node(
    Path directory, Engine engine, Path clients, Path peers, Path checkout, int registryPort) {

  /** Which daemon is tested: the tests run against containerd to be checked themselves. */
  public enum Engine {
    /** Ours. */
    CREMA,
    /** The reference. */
    CONTAINERD
  }

  /** The images that tests use most. */
  public static final String BUSYBOX = "registry.k8s.io/e2e-test-images/busybox:1.29-2";

  /** A web server on port 80 that answers "Welcome to nginx!". */
  public static final String NGINX = "registry.k8s.io/e2e-test-images/nginx:1.14-2";

  private static final List<String> MIRRORED = List.of("registry.k8s.io", "gcr.io", "k8s.gcr.io");

  /** The node as the environment describes it, with the registry started. */
  static Node enter() throws IOException {
    Map<String, String> env = System.getenv();
    Registry registry = Registry.serve(new Layout(Path.of(need(env, "CREMA_E2E_REGISTRY"))), 5000);
    return new Node(
        Path.of(need(env, "CREMA_NODE_DIR")),
        Engine.valueOf(env.getOrDefault("CREMA_E2E_RUNTIME", "CREMA")),
        Path.of(need(env, "CREMA_E2E_CLIENTS")),
        Path.of(env.getOrDefault("CREMA_E2E_PEERS", "/nonexistent")),
        Path.of(need(env, "CREMA_E2E_CHECKOUT")),
        registry.port());
  }

  private static String need(Map<String, String> env, String name) {
    String value = env.get(name);
    if (value == null) {
      throw new IllegalStateException(
          name
              + " is not set: tests with the tag node run in a node, by e2e/test or e2e/test --only CLASS");
    }
    return value;
  }

  /**
   * Writes {@code certs.d} with the node's registry as the only host of every registry that the
   * tests name.
   */
  Path writeHosts(Path directory) throws IOException {
    String local = "127.0.0.1:" + registryPort;
    String hosts =
        """
        server = "http://%s"
        [host."http://%s"]
          capabilities = ["pull", "resolve"]
        """
            .formatted(local, local);
    for (String host : MIRRORED) {
      Files.createDirectories(directory.resolve(host));
      Files.writeString(directory.resolve(host).resolve("hosts.toml"), hosts);
    }
    Files.createDirectories(directory.resolve(local));
    Files.writeString(directory.resolve(local).resolve("hosts.toml"), hosts);
    return directory;
  }
}
