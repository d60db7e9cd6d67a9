package io.crema.sandbox.model;

/** CRI PodSandboxState. */
public enum PodState {
  READY,
  NOT_READY
}
