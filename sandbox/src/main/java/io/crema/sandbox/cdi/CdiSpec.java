package io.crema.sandbox.cdi;

import java.nio.file.Path;
import java.util.Map;

/**
 * One file.
 *
 * @param kind {@code vendor.com/class}
 * @param devices what each does, by name
 * @param edits what every one of them does besides
 */
record CdiSpec(Path file, String kind, Map<String, CdiEdits> devices, CdiEdits edits) {
  CdiSpec {
    devices = Map.copyOf(devices);
  }
}
