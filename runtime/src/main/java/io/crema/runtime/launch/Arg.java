package io.crema.runtime.launch;

import java.util.List;

/**
 * An argument of a {@link Step}: an integer, memory of the plan, or something known only when the
 * plan runs.
 */
public sealed interface Arg {
  /**
   * An integer; {@code label} is how a reader would write it, such as {@code MS_REC|MS_PRIVATE}.
   *
   * @param label empty when the number itself is clearest
   */
  record Value(long value, String label) implements Arg {}

  /** A descriptor that travels with the plan, by its place in the list of descriptors passed. */
  record Slot(int index, String name) implements Arg {}

  /** What step {@code step} (counted from 0) returned. */
  record Result(int step, String name) implements Arg {}

  /** A pointer to a NUL-terminated string. */
  record Text(String text) implements Arg {}

  /** A pointer to bytes; {@code label} says what they are. */
  record Bytes(byte[] bytes, String label) implements Arg {}

  /** A pointer to {@code size} bytes, zero but for the fields. */
  record Struct(int size, List<Field> fields, String label) implements Arg {
    public Struct {
      fields = List.copyOf(fields);
    }
  }

  /** A pointer to an array of pointers that ends with a null pointer, as execve(2) takes them. */
  record Pointers(List<Arg> elements, String label) implements Arg {
    public Pointers {
      elements = List.copyOf(elements);
    }
  }

  /** A field of a {@link Struct}: {@code width} is 1, 2, 4 or 8 bytes; pointers have 8. */
  record Field(int offset, int width, Arg value) {}

  /** A plain integer. */
  static Arg of(long value) {
    return new Value(value, "");
  }

  /** An integer with the name that the man page gives it. */
  static Arg of(long value, String label) {
    return new Value(value, label);
  }

  /** A string. */
  static Arg of(String text) {
    return new Text(text);
  }
}
