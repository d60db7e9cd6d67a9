package io.crema.cni.plugin;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/**
 * Plugins that are shell scripts: each writes down how it was called, and then does what the test
 * says.
 */
public final class FakePlugins {
  private final Path dir;
  private final Path bin;
  private final Path log;

  /** In a directory of a test's own. */
  public FakePlugins(Path dir) throws IOException {
    this.dir = dir;
    this.bin = Files.createDirectories(dir.resolve("bin"));
    this.log = dir.resolve("calls");
    Files.createFile(log);
  }

  public Path bin() {
    return bin;
  }

  /** A plugin; {@code script} is a shell's and has the configuration in $in. */
  public FakePlugins plugin(String name, String script) throws IOException {
    Path file = bin.resolve(name);
    Files.deleteIfExists(file);
    Files.writeString(
        file,
        """
        #!/bin/sh
        in=$(cat)
        printf '%%s %s %%s\\n' "$CNI_COMMAND" "$in" >> %s
        env | sort > %s/env-%s-$CNI_COMMAND
        %s
        """
            .formatted(name, log, dir, name, script));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    return this;
  }

  /** A plugin that answers ADD with this address and everything else with nothing. */
  public FakePlugins good(String name, String address) throws IOException {
    return plugin(
        name,
        """
        [ $CNI_COMMAND = ADD ] && cat <<END
        {"cniVersion":"1.0.0","interfaces":[{"name":"br0"},{"name":"$CNI_IFNAME","mac":"02:00:00:00:00:01","sandbox":"$CNI_NETNS"}],
         "ips":[{"address":"fd00::5/64","interface":1},{"address":"%s/24","gateway":"10.1.0.1","interface":1}],"extra":{"kept":true}}
        END
        exit 0
        """
            .formatted(address));
  }

  /** VERB, name and configuration of each call so far. */
  public List<String> calls() throws IOException {
    return Files.readAllLines(log);
  }

  /** VERB and name of each call so far. */
  public List<String> verbs() throws IOException {
    return calls().stream().map(l -> l.split(" ", 3)[0] + " " + l.split(" ", 3)[1]).toList();
  }

  /** The environment of a call. */
  public List<String> environment(String name, String verb) throws IOException {
    return Files.readAllLines(dir.resolve("env-" + name + "-" + verb));
  }
}
