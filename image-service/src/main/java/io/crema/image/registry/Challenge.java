package io.crema.image.registry;

import java.util.LinkedHashMap;
import java.util.List;
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
  /** A scheme's name followed by its first parameter or the end, or a parameter. */
  private static final Pattern PIECE =
      Pattern.compile(
          "\\G[\\s,]*(?:([A-Za-z0-9._-]+)\\s*=\\s*(?:\"((?:[^\"\\\\]|\\\\.)*+)\"|([^\\s,\"]*))"
              + "|([A-Za-z0-9._-]+))");

  Challenge {
    parameters = Map.copyOf(parameters);
  }

  /** The one to answer, a bearer's before a basic one, of all WWW-Authenticate headers. */
  static Optional<Challenge> best(List<String> headers) {
    List<Challenge> all = headers.stream().flatMap(h -> parse(h).stream()).toList();
    Optional<Challenge> bearer = all.stream().filter(c -> c.scheme.equals("bearer")).findFirst();
    return bearer.isPresent()
        ? bearer
        : all.stream().filter(c -> c.scheme.equals("basic")).findFirst();
  }

  /** Reads one header, which may hold several challenges; those of other schemes as well. */
  static List<Challenge> parse(String header) {
    List<Challenge> out = new java.util.ArrayList<>();
    String scheme = "";
    Map<String, String> parameters = new LinkedHashMap<>();
    Matcher m = PIECE.matcher(header);
    while (m.find()) {
      if (m.group(4) != null) {
        if (!scheme.isEmpty()) {
          out.add(new Challenge(scheme, parameters));
        }
        scheme = m.group(4).toLowerCase(Locale.ROOT);
        parameters = new LinkedHashMap<>();
      } else {
        String value = m.group(2) == null ? m.group(3) : m.group(2).replaceAll("\\\\(.)", "$1");
        parameters.putIfAbsent(m.group(1).toLowerCase(Locale.ROOT), value);
      }
    }
    if (!scheme.isEmpty()) {
      out.add(new Challenge(scheme, parameters));
    }
    return List.copyOf(out);
  }
}
