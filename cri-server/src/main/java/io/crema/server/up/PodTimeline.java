package io.crema.server.up;

import java.util.ArrayList;
import java.util.List;

/** What a pod's start was made of, in the order it happened; times in nanoseconds. */
final class PodTimeline {
  private final String pod;
  private final long zero;
  private final List<Entry> entries = new ArrayList<>();

  /**
   * One act.
   *
   * @param at since the beginning, or -1 for a part of the act before
   */
  record Entry(String what, long at, long took) {}

  /** Begins at {@code zero}, a time of {@link System#nanoTime}. */
  PodTimeline(String pod, long zero) {
    this.pod = pod;
    this.zero = zero;
  }

  /** An act from {@code begin} until {@code end}, both of {@link System#nanoTime}. */
  synchronized void add(String what, long begin, long end) {
    entries.add(new Entry(what, begin - zero, end - begin));
  }

  /** A part of the act before, as the runtime measured it. */
  synchronized void part(String what, long took) {
    entries.add(new Entry(what, -1, took));
  }

  synchronized String render() {
    StringBuilder text = new StringBuilder();
    text.append("timeline of pod %s%n%-40s %10s %10s%n".formatted(pod, "", "at ms", "took ms"));
    for (Entry entry : entries) {
      if (entry.at() < 0) {
        text.append("    %-36s %10s %10s%n".formatted(entry.what(), "", millis(entry.took())));
      } else {
        text.append(
            "  %-38s %10s %10s%n"
                .formatted(entry.what(), millis(entry.at()), millis(entry.took())));
      }
    }
    return text.toString().stripTrailing();
  }

  private static String millis(long nanos) {
    return "%.2f".formatted(nanos / 1e6);
  }
}
