package io.crema.runtime.launch;

/**
 * A compiled filter.
 *
 * @param program an array of {@code struct sock_filter}, 8 bytes each, in the machine's byte order
 * @param flags {@code SECCOMP_FILTER_FLAG_*} of linux/seccomp.h
 * @param label which profile it is, for people
 */
public record SeccompFilter(byte[] program, int flags, String label) {
  public SeccompFilter {
    if (program.length == 0 || program.length % 8 != 0 || program.length / 8 > 4096) {
      throw new IllegalArgumentException(
          "seccomp filter " + label + " of " + program.length + " bytes");
    }
  }
}
