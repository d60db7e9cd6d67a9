package io.crema.image.registry;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A host to ask for a registry's content, as containerd's hosts.toml describes it.
 *
 * @param base where repositories are: {@code https://registry.example/v2}
 * @param capabilities of {@code pull}, {@code resolve}, {@code push}, {@code referrers}
 * @param headers to send with every request
 * @param dialTimeout null for the service's
 * @param plainFallback asks by http when the other side of {@code base}, an https address, turns
 *     out to speak no TLS
 */
record RegistryHost(
    URI base,
    Set<String> capabilities,
    Tls tls,
    Map<String, List<String>> headers,
    @Nullable Duration dialTimeout,
    boolean plainFallback) {
  static final String PULL = "pull";
  static final String RESOLVE = "resolve";
  static final Set<String> ALL = Set.of(PULL, RESOLVE, "push", "referrers");

  private static final String HUB = "docker.io";
  private static final String HUB_HOST = "registry-1.docker.io";

  RegistryHost {
    capabilities = Set.copyOf(capabilities);
    headers = Map.copyOf(headers);
  }

  /**
   * How to trust a host and how to be trusted by it.
   *
   * @param skipVerify takes any certificate, of any name
   * @param authorities PEM files of certificate authorities, beside the system's
   * @param clients certificates to show
   */
  record Tls(boolean skipVerify, List<Path> authorities, List<ClientFiles> clients) {
    static final Tls DEFAULT = new Tls(false, List.of(), List.of());
    static final Tls ANY = new Tls(true, List.of(), List.of());

    Tls {
      authorities = List.copyOf(authorities);
      clients = List.copyOf(clients);
    }
  }

  /** PEM files of a client's certificate and private key; may be one file. */
  record ClientFiles(Path certificate, Path key) {}

  /** The registry itself, where nothing else is said of it. */
  static RegistryHost upstream(String registry) {
    return upstream(registry, Tls.DEFAULT, Map.of(), null, false);
  }

  /**
   * The registry itself, as containerd's ConfigureHosts makes it: by https; a loopback one without
   * a well-known port by whichever of https (of any certificate) and http it speaks.
   *
   * @param explicitTls {@code tls} was configured, and isn't merely a default
   */
  static RegistryHost upstream(
      String registry,
      Tls tls,
      Map<String, List<String>> headers,
      @Nullable Duration dialTimeout,
      boolean explicitTls) {
    if (registry.equals(HUB)) {
      URI base = URI.create("https://" + HUB_HOST + "/v2");
      return new RegistryHost(base, ALL, tls, headers, dialTimeout, false);
    }
    String port = port(registry);
    boolean plain = loopback(registry) && port.equals("80");
    boolean either = loopback(registry) && !plain && !port.isEmpty() && !port.equals("443");
    Tls trust = loopback(registry) && !plain && !explicitTls ? Tls.ANY : tls;
    return new RegistryHost(
        URI.create((plain ? "http://" : "https://") + registry + "/v2"),
        ALL,
        trust,
        headers,
        dialTimeout,
        either);
  }

  /** Host and port, as credentials and messages name it. */
  String authority() {
    return base.getRawAuthority();
  }

  /** Scheme, host and port, for messages. */
  String origin() {
    return base.getScheme() + "://" + authority();
  }

  /** Whether this stands in for {@code registry} and must be told so (containerd's isProxy). */
  boolean isMirrorOf(String registry) {
    return !authority().equals(registry) && !(registry.equals(HUB) && authority().equals(HUB_HOST));
  }

  /** Whether {@code uri} is at this host, so that what is secret may go there. */
  boolean owns(URI uri) {
    return base.getScheme().equalsIgnoreCase(uri.getScheme())
        && String.valueOf(base.getHost()).equalsIgnoreCase(uri.getHost())
        && effectivePort(base) == effectivePort(uri);
  }

  /** The same host by http. */
  RegistryHost plain() {
    URI http = URI.create("http" + base.toString().substring(base.toString().indexOf(':')));
    return new RegistryHost(http, capabilities, tls, headers, dialTimeout, false);
  }

  static int effectivePort(URI uri) {
    if (uri.getPort() >= 0) {
      return uri.getPort();
    }
    return "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
  }

  private static String port(String registry) {
    int colon = registry.lastIndexOf(':');
    return colon < 0 || registry.endsWith("]") ? "" : registry.substring(colon + 1);
  }

  static boolean loopback(String registry) {
    String port = port(registry);
    String host =
        port.isEmpty() ? registry : registry.substring(0, registry.length() - port.length() - 1);
    return host.toLowerCase(Locale.ROOT).equals("localhost")
        || host.matches("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}")
        || host.equals("[::1]");
  }
}
