package io.crema.server.cli;

import io.crema.server.config.ConfigException;
import io.crema.server.config.ConfigReader;
import io.crema.server.config.Key;
import io.crema.server.config.ServerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The options that lie over the configuration file, named as containerd names its own. */
final class ConfigOptions {
  static final List<Option> ALL =
      List.of(
          new Option("root", "DIR", "images, records, writable layers [/var/lib/crema]"),
          new Option("state", "DIR", "sockets, namespaces, journals [/run/crema]"),
          new Option("address", "SOCKET", "the CRI socket [crema.sock in the state directory]"),
          new Option("certs-dir", "DIR", "registry hosts, as containerd's certs.d"),
          new Option("config", "FILE", "the configuration [/etc/crema/config.toml]"),
          new Option("log-level", "LEVEL", "error, warn, info, debug or trace [info]"));

  private static final Map<String, Key> KEYS =
      Map.of(
          "root", Key.ROOT,
          "state", Key.STATE,
          "address", Key.ADDRESS,
          "certs-dir", Key.CERTS_DIR,
          "log-level", Key.LOG_LEVEL);

  private ConfigOptions() {}

  /** Defaults, the file, and over both what was typed; relative paths are of the shell's. */
  static ServerConfig read(Arguments arguments) throws ConfigException, IOException {
    Map<Key, String> flags = new EnumMap<>(Key.class);
    KEYS.forEach(
        (name, key) ->
            arguments
                .option(name)
                .ifPresent(value -> flags.put(key, key == Key.LOG_LEVEL ? value : path(value))));
    return ConfigReader.read(arguments.option("config").map(Path::of).orElse(null), flags);
  }

  private static String path(String typed) {
    return typed.startsWith("unix:") ? typed : Path.of(typed).toAbsolutePath().toString();
  }
}
