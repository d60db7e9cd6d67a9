package io.crema.sandbox.model;

/** CRI ContainerState. */
public enum ContainerState {
  CREATED,
  RUNNING,
  EXITED,
  UNKNOWN
}
