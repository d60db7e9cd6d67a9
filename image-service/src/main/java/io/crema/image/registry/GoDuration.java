package io.crema.image.registry;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as Go writes them: {@code 300ms}, {@code 1.5h}, {@code 2m30s}. */
final class GoDuration {
  private static final Pattern WHOLE = Pattern.compile("[+-]?(?:0|(?:[0-9.]+[a-zµμ]+)+)");
  private static final Pattern PART =
      Pattern.compile("([0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)");

  private GoDuration() {}

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException naming it
   */
  static Duration parse(String text) {
    if (!WHOLE.matcher(text).matches()) {
      throw wrong(text);
    }
    String digits = text.startsWith("-") || text.startsWith("+") ? text.substring(1) : text;
    BigDecimal nanos = BigDecimal.ZERO;
    Matcher m = PART.matcher(digits);
    int at = 0;
    while (at < digits.length() && !digits.equals("0")) {
      if (!m.find(at) || m.start() != at) {
        throw wrong(text);
      }
      nanos = nanos.add(new BigDecimal(m.group(1)).multiply(BigDecimal.valueOf(unit(m.group(2)))));
      at = m.end();
    }
    if (nanos.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      throw wrong(text);
    }
    Duration duration = Duration.ofNanos(nanos.longValue());
    return text.startsWith("-") ? duration.negated() : duration;
  }

  private static long unit(String name) {
    return switch (name) {
      case "ns" -> 1;
      case "ms" -> 1_000_000;
      case "s" -> 1_000_000_000;
      case "m" -> 60_000_000_000L;
      case "h" -> 3_600_000_000_000L;
      default -> 1_000; // µs in its three spellings
    };
  }

  private static IllegalArgumentException wrong(String text) {
    return new IllegalArgumentException("\"" + text + "\" is not a duration such as 5s or 1m30s");
  }
}
