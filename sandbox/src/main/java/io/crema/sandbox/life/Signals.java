package io.crema.sandbox.life;

import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/** Signals by name (signal(7), the numbers of x86_64 and aarch64). */
public final class Signals {
  public static final int SIGKILL = 9;
  public static final int SIGTERM = 15;

  private static final List<String> NAMES =
      List.of(
          "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
          "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU",
          "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");
  private static final int RTMIN =
      34; // what glibc leaves of 32, and what image builders mean by it
  private static final int RTMAX = 64;

  private Signals() {}

  /**
   * The number of {@code SIGTERM}, {@code TERM}, {@code 15} or {@code SIGRTMIN+3}; empty when it is
   * none.
   */
  public static OptionalInt parse(String text) {
    String name = text.strip().toUpperCase(Locale.ROOT);
    if (name.startsWith("SIG")) {
      name = name.substring(3);
    }
    if (name.matches("\\d{1,2}")) {
      int number = Integer.parseInt(name);
      return number >= 1 && number <= RTMAX ? OptionalInt.of(number) : OptionalInt.empty();
    }
    int number =
        switch (name) {
          case "CLD" -> 17;
          case "POLL" -> 29;
          case "IOT" -> 6;
          default -> NAMES.indexOf(name);
        };
    if (number > 0) {
      return OptionalInt.of(number);
    }
    if (name.matches("RTMIN(\\+\\d{1,2})?")) {
      return realtime(RTMIN + offset(name));
    }
    if (name.matches("RTMAX(-\\d{1,2})?")) {
      return realtime(RTMAX - offset(name));
    }
    return OptionalInt.empty();
  }

  private static int offset(String name) {
    return name.length() == 5 ? 0 : Integer.parseInt(name.substring(6));
  }

  private static OptionalInt realtime(int number) {
    return number >= RTMIN && number <= RTMAX ? OptionalInt.of(number) : OptionalInt.empty();
  }
}
