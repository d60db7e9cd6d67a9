package io.crema.server.manifest;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code $(NAME)} in commands, arguments and values; {@code $$(NAME)} is a literal one. */
final class Expansion {
  private static final Pattern REFERENCE = Pattern.compile("\\$\\$|\\$\\(([^)]*)\\)");

  private Expansion() {}

  /** As Kubernetes does it: a name that isn't known stays as it is. */
  static String expand(String text, Map<String, String> values) {
    return REFERENCE
        .matcher(text)
        .replaceAll(
            match -> {
              @Nullable String name = match.group(1);
              String value = name == null ? "$" : values.getOrDefault(name, match.group());
              return Matcher.quoteReplacement(value);
            });
  }
}
