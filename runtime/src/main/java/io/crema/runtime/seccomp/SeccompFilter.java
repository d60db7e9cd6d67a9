package io.crema.runtime.seccomp;

import java.util.Arrays;

/**
 * A filter for seccomp(2)'s SECCOMP_SET_MODE_FILTER.
 *
 * @param instructions struct sock_filter after struct sock_filter, in the machine's byte order
 * @param flags {@code SECCOMP_FILTER_FLAG_*}
 */
public record SeccompFilter(byte[] instructions, int flags) {
  /** Bytes of one struct sock_filter. */
  public static final int INSTRUCTION = 8;

  /** What {@code len} of struct sock_fprog is. */
  public int length() {
    return instructions.length / INSTRUCTION;
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof SeccompFilter f
        && flags == f.flags
        && Arrays.equals(instructions, f.instructions);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(instructions) + flags;
  }

  @Override
  public String toString() {
    return "seccomp filter of " + length() + " instructions";
  }
}
