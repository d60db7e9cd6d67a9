package io.crema.image.registry;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a registry says that it wants (RFC 9110, 11.6.1).
 *
 * @param scheme {@code bearer} or {@code basic}
 */
record Challenge(String scheme, Map<String, String> parameters) {
  private static final Pattern PARAMETER =
      Pattern.compile("([A-Za-z0-9_-]+)\\s*=\\s*(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^\\s,\"]+))");

  Challenge {
    parameters = Map.copyOf(parameters);
  }

  /** Reads a WWW-Authenticate header; empty when it is neither bearer nor basic. */
  static Optional<Challenge> parse(String header) {
    String text = header.strip();
    int space = text.indexOf(' ');
    String scheme = (space < 0 ? text : text.substring(0, space)).toLowerCase(Locale.ROOT);
    if (!scheme.equals("bearer") && !scheme.equals("basic")) {
      return Optional.empty();
    }
    Map<String, String> parameters = new LinkedHashMap<>();
    Matcher m = PARAMETER.matcher(space < 0 ? "" : text.substring(space + 1));
    while (m.find()) {
      String value = m.group(2) == null ? m.group(3) : m.group(2).replaceAll("\\\\(.)", "$1");
      parameters.putIfAbsent(m.group(1).toLowerCase(Locale.ROOT), value);
    }
    return Optional.of(new Challenge(scheme, parameters));
  }
}
