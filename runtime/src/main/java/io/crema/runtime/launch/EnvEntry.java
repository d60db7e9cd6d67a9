package io.crema.runtime.launch;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * A variable of a process's environment; the value need not be UTF-8. Printed without its value.
 */
public record EnvEntry(String name, byte[] value) {
  public EnvEntry {
    if (name.isEmpty() || name.indexOf('=') >= 0 || name.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("environment variable name \"" + name + "\"");
    }
    for (byte b : value) {
      if (b == 0) {
        throw new IllegalArgumentException("environment variable " + name + ": a NUL character");
      }
    }
  }

  /** With a value that is text. */
  public static EnvEntry of(String name, String value) {
    return new EnvEntry(name, value.getBytes(StandardCharsets.UTF_8));
  }

  /** {@code NAME=value} and a NUL, as execve(2) takes it. */
  byte[] encoded() {
    byte[] n = (name + "=").getBytes(StandardCharsets.UTF_8);
    byte[] out = Arrays.copyOf(n, n.length + value.length + 1);
    System.arraycopy(value, 0, out, n.length, value.length);
    return out;
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof EnvEntry e && e.name.equals(name) && Arrays.equals(e.value, value);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, Arrays.hashCode(value));
  }

  /** Without the value, which may be a secret. */
  @Override
  public String toString() {
    return name + "=…";
  }
}
