package io.crema.cni.plugin;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A version of the CNI specification. */
public record CniVersion(int major, int minor, int patch) implements Comparable<CniVersion> {
  /** A configuration that names no version has this one. */
  static final CniVersion OLDEST = new CniVersion(0, 1, 0);

  /** CHECK, and the result of ADD is given to DEL. */
  static final CniVersion CHECK = new CniVersion(0, 4, 0);

  /** STATUS and GC; the newest that there is. */
  static final CniVersion NEWEST = new CniVersion(1, 1, 0);

  private static final Pattern FORM = Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})");

  /**
   * {@code 1.0.0}.
   *
   * @throws IllegalArgumentException if it isn't three numbers
   */
  public static CniVersion parse(String text) {
    Matcher m = FORM.matcher(text);
    if (!m.matches()) {
      throw new IllegalArgumentException("CNI version \"" + text + "\" is not of the form 1.0.0");
    }
    return new CniVersion(
        Integer.parseInt(m.group(1)), Integer.parseInt(m.group(2)), Integer.parseInt(m.group(3)));
  }

  boolean atLeast(CniVersion other) {
    return compareTo(other) >= 0;
  }

  @Override
  public int compareTo(CniVersion o) {
    int c = Integer.compare(major, o.major);
    if (c == 0) {
      c = Integer.compare(minor, o.minor);
    }
    return c != 0 ? c : Integer.compare(patch, o.patch);
  }

  @Override
  public String toString() {
    return major + "." + minor + "." + patch;
  }
}
