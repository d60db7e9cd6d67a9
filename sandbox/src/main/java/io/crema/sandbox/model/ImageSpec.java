package io.crema.sandbox.model;

import java.util.Map;

/** CRI ImageSpec. */
public record ImageSpec(
    String image,
    Map<String, String> annotations,
    String userSpecifiedImage,
    String runtimeHandler,
    String imageRef) {
  public ImageSpec {
    annotations = Map.copyOf(annotations);
  }
}
