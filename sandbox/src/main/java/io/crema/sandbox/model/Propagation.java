package io.crema.sandbox.model;

/** CRI MountPropagation. */
public enum Propagation {
  PRIVATE,
  HOST_TO_CONTAINER,
  BIDIRECTIONAL
}
