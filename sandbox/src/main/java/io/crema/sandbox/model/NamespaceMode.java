package io.crema.sandbox.model;

/** Whose namespace is used (CRI NamespaceMode). */
public enum NamespaceMode {
  POD,
  CONTAINER,
  NODE,
  TARGET
}
