package io.crema.runtime.seccomp;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A profile as it is written (OCI runtime-spec config-linux.md, "Seccomp", with Docker's archMap,
 * includes and excludes).
 *
 * @param name how messages call it
 * @param architectures {@code SCMP_ARCH_*}
 * @param archMap what is filtered on each native architecture; empty when {@code architectures}
 *     says it
 * @param flags {@code SECCOMP_FILTER_FLAG_*}, or null when the profile doesn't say
 */
record SeccompProfile(
    String name,
    Action defaultAction,
    List<String> architectures,
    Map<String, List<String>> archMap,
    @Nullable List<String> flags,
    List<Rule> rules) {
  SeccompProfile {
    architectures = List.copyOf(architectures);
    archMap = Map.copyOf(archMap);
    flags = flags == null ? null : List.copyOf(flags);
    rules = List.copyOf(rules);
  }

  /**
   * What happens to a call.
   *
   * @param value as the kernel knows it: SECCOMP_RET_*, with the error number in the lower half
   */
  record Action(int value) {
    static final int ERRNO = 0x00050000;

    /** Whether the call is let through, perhaps noted: trace counts, since a tracer decides. */
    boolean lets() {
      int kind = value & 0xffff0000;
      return kind == 0x7fff0000 || kind == 0x7ffc0000 || kind == 0x7ff00000;
    }
  }

  /**
   * What happens to some calls.
   *
   * @param where its place in the profile, for messages
   */
  record Rule(
      String where,
      Set<String> names,
      Action action,
      List<Argument> arguments,
      Condition includes,
      Condition excludes) {
    Rule {
      names = Set.copyOf(names);
      arguments = List.copyOf(arguments);
    }
  }

  /** A comparison of the argument {@code index}; unsigned. */
  record Argument(int index, Comparison comparison, long value, long valueTwo) {}

  /** enum scmp_compare of seccomp.h, with its numbers. */
  enum Comparison {
    SCMP_CMP_NE(1),
    SCMP_CMP_LT(2),
    SCMP_CMP_LE(3),
    SCMP_CMP_EQ(4),
    SCMP_CMP_GE(5),
    SCMP_CMP_GT(6),
    SCMP_CMP_MASKED_EQ(7);

    private final int number;

    Comparison(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }
  }

  /**
   * When a rule counts.
   *
   * @param architectures as Go names them: {@code amd64}
   * @param minKernel {@code 4.8}, or empty
   */
  record Condition(List<String> capabilities, List<String> architectures, String minKernel) {
    static final Condition NONE = new Condition(List.of(), List.of(), "");

    Condition {
      capabilities = List.copyOf(capabilities);
      architectures = List.copyOf(architectures);
    }
  }
}
