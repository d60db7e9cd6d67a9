package io.crema.image.registry;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A host to ask for a registry's content, as containerd's hosts.toml describes it.
 *
 * @param base where repositories are: {@code https://registry.example/v2}
 * @param capabilities of {@code pull}, {@code resolve}, {@code push}
 * @param skipVerify takes any certificate
 * @param authorities PEM files of certificate authorities, beside the system's
 * @param headers to send with every request
 * @param dialTimeout null for the service's
 */
public record RegistryHost(
    URI base,
    Set<String> capabilities,
    boolean skipVerify,
    List<Path> authorities,
    Map<String, List<String>> headers,
    @Nullable Duration dialTimeout) {
  static final Set<String> ALL = Set.of("pull", "resolve", "push");

  public RegistryHost {
    capabilities = Set.copyOf(capabilities);
    authorities = List.copyOf(authorities);
    headers = Map.copyOf(headers);
  }

  /** A host without any configuration of its own. */
  static RegistryHost plain(URI base) {
    return new RegistryHost(base, ALL, false, List.of(), Map.of(), null);
  }

  /** Host and port, as credentials and messages name it. */
  String authority() {
    return base.getRawAuthority();
  }
}
