package io.crema.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.image.model.PullException;
import io.crema.image.registry.RegistryHost.ClientFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is expected here is what containerd's core/remotes/docker/config/hosts_test.go expects. */
class HostsDirectoryTest {
  private static final String REGISTRY = "registry.example:5000";

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({
    "registry.example, https://registry.example/v2, false, false",
    "registry.example:80, https://registry.example:80/v2, false, false",
    "docker.io, https://registry-1.docker.io/v2, false, false",
    "localhost, https://localhost/v2, true, false",
    "localhost:443, https://localhost:443/v2, true, false",
    "localhost:80, http://localhost:80/v2, false, false",
    "localhost:5000, https://localhost:5000/v2, true, true",
    "127.0.0.1:5000, https://127.0.0.1:5000/v2, true, true",
    "[::1]:5000, https://[::1]:5000/v2, true, true",
    "127.evil.example:5000, https://127.evil.example:5000/v2, false, false"
  })
  void aRegistryWithoutDirectoryIsAskedItself(
      String registry, String base, boolean any, boolean either) throws Exception {
    List<RegistryHost> hosts = new HostsDirectory(List.of(directory)).of(registry);
    assertThat(hosts).hasSize(1);
    assertThat(hosts.getFirst().base()).hasToString(base);
    assertThat(hosts.getFirst().tls().skipVerify()).isEqualTo(any);
    assertThat(hosts.getFirst().plainFallback()).isEqualTo(either);
    assertThat(hosts.getFirst().capabilities()).contains("pull", "resolve");
  }

  @Test
  void hostsStandInTheFilesOrderAndTheServerComesLast() throws Exception {
    hosts(
        REGISTRY,
        """
        server = "https://origin.example"
        skip_verify = true
        [host."https://zulu.example"]
          capabilities = ["pull"]
        [host."http://alpha.example:81/"]
          capabilities = ["pull", "Resolve"]
          [host."http://alpha.example:81/".header]
            x-one = "1"
            x-two = ["a", "b"]
        [host."mike.example/prefix"]
          dial_timeout = "1m0.5s"
        [host."https://tango.example/some/v3/"]
          override_path = true
        """);
    List<RegistryHost> hosts = of(REGISTRY);
    assertThat(hosts.stream().map(h -> h.base().toString()))
        .containsExactly(
            "https://zulu.example/v2",
            "http://alpha.example:81/v2",
            "https://mike.example/prefix/v2",
            "https://tango.example/some/v3",
            "https://origin.example/v2");
    assertThat(hosts.get(0).capabilities()).isEqualTo(Set.of("pull"));
    assertThat(hosts.get(1).capabilities()).isEqualTo(Set.of("pull", "resolve"));
    assertThat(hosts.get(1).headers())
        .containsEntry("x-one", List.of("1"))
        .containsEntry("x-two", List.of("a", "b"));
    assertThat(hosts.get(2).dialTimeout()).isEqualTo(Duration.ofMillis(60_500));
    assertThat(hosts.get(3).capabilities()).contains("pull", "resolve");
    assertThat(hosts.get(3).tls().skipVerify()).isFalse();
    assertThat(hosts.get(4).tls().skipVerify()).isTrue();
  }

  @Test
  void withoutServerTheRegistryItselfComesLastWithTheFilesTlsSettings() throws Exception {
    hosts(REGISTRY, "ca = \"own.pem\"\n[host.\"https://mirror.example\"]\n");
    List<RegistryHost> hosts = of(REGISTRY);
    assertThat(hosts.stream().map(h -> h.base().toString()))
        .containsExactly("https://mirror.example/v2", "https://registry.example:5000/v2");
    assertThat(hosts.getLast().tls().authorities())
        .containsExactly(directory.resolve(REGISTRY).resolve("own.pem"));
    assertThat(hosts.getFirst().tls().authorities()).isEmpty();
  }

  @Test
  void certificatesAreNamedInEveryFormAndRelativeToTheFile() throws Exception {
    hosts(
        REGISTRY,
        """
        [host."https://one.example"]
          ca = ["a.pem", "/etc/b.pem"]
          client = "both.pem"
        [host."https://two.example"]
          client = ["x.pem", "y.pem"]
        [host."https://three.example"]
          client = [["c.cert", "c.key"], ["d.pem", ""]]
        """);
    Path own = directory.resolve(REGISTRY);
    List<RegistryHost> hosts = of(REGISTRY);
    assertThat(hosts.get(0).tls().authorities())
        .containsExactly(own.resolve("a.pem"), Path.of("/etc/b.pem"));
    assertThat(hosts.get(0).tls().clients())
        .containsExactly(new ClientFiles(own.resolve("both.pem"), own.resolve("both.pem")));
    assertThat(hosts.get(1).tls().clients()).hasSize(2);
    assertThat(hosts.get(2).tls().clients())
        .containsExactly(
            new ClientFiles(own.resolve("c.cert"), own.resolve("c.key")),
            new ClientFiles(own.resolve("d.pem"), own.resolve("d.pem")));
  }

  @Test
  void anHttpAddressWithTlsSettingsIsTriedByHttpsFirst() throws Exception {
    hosts(
        REGISTRY,
        """
        server = "http://registry.example:80"
        skip_verify = true
        [host."http://mirror.example:5000"]
          skip_verify = true
        [host."http://plain.example:5000"]
        """);
    List<RegistryHost> hosts = of(REGISTRY);
    assertThat(hosts.stream().map(h -> h.base().toString()))
        .containsExactly(
            "https://mirror.example:5000/v2",
            "http://plain.example:5000/v2",
            "http://registry.example:80/v2");
    assertThat(hosts.stream().map(RegistryHost::plainFallback)).containsExactly(true, false, false);
    assertThat(hosts.getFirst().plain().base()).hasToString("http://mirror.example:5000/v2");
  }

  @Test
  void theDirectoryMayBeNamedWithoutColon() throws Exception {
    hosts("registry.example_5000_", "server = \"https://by-underscore.example\"\n");
    assertThat(of(REGISTRY).getFirst().authority()).isEqualTo("by-underscore.example");
    hosts(REGISTRY, "server = \"https://by-colon.example\"\n");
    assertThat(of(REGISTRY).getFirst().authority()).isEqualTo("by-underscore.example");
  }

  @Test
  void theDefaultServesWhateverHasNoDirectory() throws Exception {
    hosts("_default", "[host.\"https://mirror.example\"]\n");
    hosts("own.example", "server = \"https://own.example\"\n");
    assertThat(of("any.example").stream().map(RegistryHost::authority))
        .containsExactly("mirror.example", "any.example");
    assertThat(of("docker.io").stream().map(RegistryHost::authority))
        .containsExactly("mirror.example", "registry-1.docker.io");
    assertThat(of("own.example").stream().map(RegistryHost::authority))
        .containsExactly("own.example");
  }

  @Test
  void theFirstDirectoryThatKnowsARegistryDecides() throws Exception {
    Path first = Files.createDirectory(directory.resolve("first"));
    Path second = Files.createDirectories(directory.resolve("second"));
    Files.createDirectories(second.resolve("a.example"));
    Files.writeString(
        second.resolve("a.example/hosts.toml"), "server = \"https://second.example\"\n");
    HostsDirectory both = new HostsDirectory(List.of(first, second));
    assertThat(both.of("a.example").getFirst().authority()).isEqualTo("second.example");
    Files.createDirectories(first.resolve("_default"));
    Files.writeString(first.resolve("_default/hosts.toml"), "server = \"https://first.example\"\n");
    assertThat(both.of("a.example").getFirst().authority()).isEqualTo("first.example");
  }

  @Test
  void dockersCertificateFilesAreTakenWhereThereIsNoHostsToml() throws Exception {
    Path own = Files.createDirectory(directory.resolve("registry.example_5000_"));
    for (String name : List.of("ca.crt", "one.cert", "one.key", "two.cert", "readme")) {
      Files.createFile(own.resolve(name));
    }
    hosts("_default", "server = \"https://not.example\"\n");
    RegistryHost host = of(REGISTRY).getFirst();
    assertThat(host.base()).hasToString("https://registry.example:5000/v2");
    assertThat(host.tls().authorities()).containsExactly(own.resolve("ca.crt"));
    assertThat(host.tls().clients())
        .containsExactly(
            new ClientFiles(own.resolve("one.cert"), own.resolve("one.key")),
            new ClientFiles(own.resolve("two.cert"), own.resolve("two.cert")));
  }

  @Test
  void changesAreSeenByTheNextPull() throws Exception {
    HostsDirectory one = new HostsDirectory(List.of(directory));
    assertThat(one.of(REGISTRY).getFirst().authority()).isEqualTo(REGISTRY);
    hosts(REGISTRY, "server = \"https://new.example\"\n");
    assertThat(one.of(REGISTRY).getFirst().authority()).isEqualTo("new.example");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "server = 5 | \"server\" must be a string",
        "server = \"ftp://x.example\" | expected http://HOST or https://HOST",
        "server = \"https://user:secret@x.example\" | expected http://HOST or https://HOST",
        "skip_verify = \"yes\" | \"skip_verify\" must be true or false",
        "ca = 7 | \"ca\" must be a string or strings",
        "client = [[\"a\", \"b\", \"c\"]] | \"client\" must be",
        "dial_timeout = \"soon\" | is not a duration",
        "dial_timeout = \"0s\" | is not more than 0",
        "[host.\"https://m.example\"]\\ncapabilities = [\"fly\"] | capability \"fly\"",
        "[host.\"https://m.example\".header]\\nHost = \"x\" | \"Host\" can't be set",
        "[host.\"https://m.example\".header]\\nauthorization = \"x\" | can't be set",
        "[host.\"https://m.example\".header]\\n\"a b\" = \"x\" | is no HTTP header",
        "[host.\"https://m.example\".header]\\na = \"x\\u000ay\" | is no HTTP header",
        "[host | hosts.toml: "
      })
  void aFileThatCantBeReadFailsThePullByName(String text, String why) throws Exception {
    hosts(REGISTRY, text.replace("\\n", "\n"));
    assertThatThrownBy(() -> of(REGISTRY))
        .isInstanceOf(PullException.Invalid.class)
        .hasMessageStartingWith(directory.resolve(REGISTRY).resolve("hosts.toml") + ": ")
        .hasMessageContaining(why);
  }

  private void hosts(String name, String text) throws IOException {
    Files.writeString(Files.createDirectories(directory.resolve(name)).resolve("hosts.toml"), text);
  }

  private List<RegistryHost> of(String registry) throws PullException {
    return new HostsDirectory(List.of(directory)).of(registry);
  }
}
