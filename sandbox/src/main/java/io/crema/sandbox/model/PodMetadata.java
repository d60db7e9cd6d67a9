package io.crema.sandbox.model;

/** The unique key of a sandbox: all four together (CRI PodSandboxMetadata). */
public record PodMetadata(String name, String uid, String namespace, int attempt) {

  /** {@code namespace/name}, as people write it. */
  public String display() {
    return namespace + "/" + name;
  }
}
