package io.crema.cni;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A pod's wishes for bandwidth, by the annotations {@code kubernetes.io/ingress-bandwidth} and
 * {@code kubernetes.io/egress-bandwidth}: bits a second as a Kubernetes quantity.
 */
final class Bandwidth {
  private static final Pattern QUANTITY =
      Pattern.compile(
          "([+-]?(?:\\d+\\.?\\d*|\\.\\d+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\\d{1,2}))?");
  private static final String DECIMAL = "num kMGTPE"; // 10^-9, each next one by 10^3
  private static final String BINARY = "KMGTPE";
  private static final BigDecimal LEAST = BigDecimal.valueOf(1_000);
  private static final BigDecimal MOST = BigDecimal.valueOf(1_000_000_000_000_000L);
  private static final long BURST = 0xffffffffL; // as containerd has it (sandbox_run.go)

  private Bandwidth() {}

  /**
   * The argument of the capability "bandwidth".
   *
   * @throws IllegalArgumentException if an annotation is no quantity, or unreasonable (Kubernetes'
   *     util/bandwidth/utils.go: 1k to 1P)
   */
  static Optional<Map<String, Object>> of(Map<String, String> annotations) {
    Map<String, Object> out = new LinkedHashMap<>();
    for (String direction : new String[] {"ingress", "egress"}) {
      String key = "kubernetes.io/" + direction + "-bandwidth";
      @Nullable String value = annotations.get(key);
      if (value != null) {
        out.put(direction + "Rate", bits(key, value));
        out.put(direction + "Burst", BURST);
      }
    }
    return out.isEmpty() ? Optional.empty() : Optional.of(out);
  }

  private static long bits(String key, String value) {
    Matcher m = QUANTITY.matcher(value);
    if (!m.matches()) {
      throw new IllegalArgumentException(
          "annotation " + key + ": \"" + value + "\" is no quantity such as 10M");
    }
    BigDecimal number = new BigDecimal(m.group(1));
    if (m.group(3) != null) {
      number = number.scaleByPowerOfTen(Integer.parseInt(m.group(3)));
    } else if (m.group(2) != null) {
      String suffix = m.group(2);
      number =
          suffix.length() == 2
              ? number.multiply(BigDecimal.TWO.pow(10 * (BINARY.indexOf(suffix.charAt(0)) + 1)))
              : number.scaleByPowerOfTen(3 * (DECIMAL.indexOf(suffix) - 3));
    }
    if (number.compareTo(LEAST) < 0 || number.compareTo(MOST) > 0) {
      throw new IllegalArgumentException(
          "annotation " + key + ": " + value + " bits a second; 1k to 1P are reasonable");
    }
    return number.setScale(0, RoundingMode.CEILING).longValueExact();
  }
}
