package io.crema.sandbox.cdi;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Names of devices, and where requests have them (SPEC.md, "kind" and "devices"; annotations.go).
 */
public final class CdiNames {
  private static final String ANNOTATION = "cdi.k8s.io/";
  private static final Pattern VENDOR = Pattern.compile("[A-Za-z]([A-Za-z0-9_.-]*[A-Za-z0-9])?");
  private static final Pattern CLASS = Pattern.compile("[A-Za-z]([A-Za-z0-9_.-]*[A-Za-z0-9])?");
  private static final Pattern DEVICE =
      Pattern.compile("[A-Za-z0-9]([A-Za-z0-9_.:-]*[A-Za-z0-9])?");

  private CdiNames() {}

  /**
   * The devices that a request names, in its field and in {@code cdi.k8s.io/} annotations, each
   * once.
   */
  public static List<String> of(List<String> field, Map<String, String> annotations) {
    Set<String> names = new LinkedHashSet<>(field);
    new TreeMap<>(annotations)
        .forEach(
            (key, value) -> {
              if (key.startsWith(ANNOTATION)) {
                for (String name : value.split(",", -1)) {
                  names.add(name.strip());
                }
              }
            });
    return new ArrayList<>(names);
  }

  static boolean isKind(String kind) {
    int slash = kind.indexOf('/');
    return slash > 0
        && VENDOR.matcher(kind.substring(0, slash)).matches()
        && CLASS.matcher(kind.substring(slash + 1)).matches();
  }

  static boolean isDevice(String name) {
    return DEVICE.matcher(name).matches();
  }

  /** Whether it is a kind, an equals sign and a device's name. */
  static boolean isQualified(String name) {
    int equals = name.indexOf('=');
    return equals > 0 && isKind(name.substring(0, equals)) && isDevice(name.substring(equals + 1));
  }
}
