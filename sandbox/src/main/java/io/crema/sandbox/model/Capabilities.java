package io.crema.sandbox.model;

import java.util.List;

/** CRI Capability: names with or without CAP_, or ALL. */
public record Capabilities(List<String> add, List<String> drop, List<String> addAmbient) {
  public Capabilities {
    add = List.copyOf(add);
    drop = List.copyOf(drop);
    addAmbient = List.copyOf(addAmbient);
  }
}
