package io.crema.runtime.cgroup;

/**
 * A file of {@code key value} lines of which a few are wanted: {@code memory.stat} has fifty, and
 * cutting all of them up costs more than the kernel takes to write them.
 */
final class StatText {
  private final String text;

  /** Of a file's content, or of the empty text for a file that isn't there. */
  StatText(String text) {
    this.text = text;
  }

  /** The number of {@code key}; zero when there is none. */
  long number(String key) {
    int at = text.startsWith(key + " ") ? 0 : text.indexOf("\n" + key + " ") + 1;
    if (at == 0 && !text.startsWith(key + " ")) {
      return 0;
    }
    int from = at + key.length() + 1;
    int to = text.indexOf('\n', from);
    return Values.parse((to < 0 ? text.substring(from) : text.substring(from, to)).strip());
  }
}
