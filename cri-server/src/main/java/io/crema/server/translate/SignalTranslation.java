package io.crema.server.translate;

import io.crema.sandbox.SandboxException;
import io.crema.server.cri.Signal;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Stop signals: CRI enum values and the names that images and people use. */
public final class SignalTranslation {
  private static final String PREFIX = "SIGNAL_";

  /** signal(7), the numbers that an image's config may name instead; the same on x86 and ARM. */
  private static final Map<Integer, String> NUMBERS =
      Map.ofEntries(
          Map.entry(1, "SIGHUP"),
          Map.entry(2, "SIGINT"),
          Map.entry(3, "SIGQUIT"),
          Map.entry(6, "SIGABRT"),
          Map.entry(9, "SIGKILL"),
          Map.entry(10, "SIGUSR1"),
          Map.entry(12, "SIGUSR2"),
          Map.entry(14, "SIGALRM"),
          Map.entry(15, "SIGTERM"),
          Map.entry(28, "SIGWINCH"));

  private static final Map<String, Signal> BY_NAME = new HashMap<>();

  static {
    for (Signal signal : Signal.values()) {
      if (signal != Signal.UNRECOGNIZED && signal != Signal.SIGNAL_RUNTIME_DEFAULT) {
        BY_NAME.put(name(signal), signal);
      }
    }
  }

  private SignalTranslation() {}

  /** The name, as {@code SIGTERM} or {@code SIGRTMIN+3}; empty for the runtime's default. */
  static String toModel(String field, Signal signal) throws SandboxException {
    return switch (signal) {
      case UNRECOGNIZED -> throw Fields.invalid(field, "unknown signal");
      case SIGNAL_RUNTIME_DEFAULT -> "";
      default -> name(signal);
    };
  }

  /** The enum value of a name or number; the runtime's default when there is no such signal. */
  static Signal toProto(String name) {
    String upper = name.strip().toUpperCase(Locale.ROOT);
    if (!upper.isEmpty() && upper.chars().allMatch(Character::isDigit) && upper.length() < 4) {
      upper = NUMBERS.getOrDefault(Integer.parseInt(upper), "");
    }
    String full = upper.isEmpty() || upper.startsWith("SIG") ? upper : "SIG" + upper;
    return BY_NAME.getOrDefault(full, Signal.SIGNAL_RUNTIME_DEFAULT);
  }

  private static String name(Signal signal) {
    return signal
        .name()
        .substring(PREFIX.length())
        .replace("RTMINPLUS", "RTMIN+")
        .replace("RTMAXMINUS", "RTMAX-");
  }
}
