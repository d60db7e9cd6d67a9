package io.crema.server.config;

import java.util.List;

/** Everything that is wrong with a configuration, gathered; the message has one line a problem. */
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1;

  private final List<String> problems;

  ConfigException(String source, List<String> problems) {
    super(source + ":\n  " + String.join("\n  ", problems));
    this.problems = List.copyOf(problems);
  }

  /** One sentence each, beginning with the key. */
  public List<String> problems() {
    return problems;
  }
}
