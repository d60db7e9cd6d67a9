package io.crema.sandbox.model;

/** Whether /etc/group of the image counts (CRI SupplementalGroupsPolicy). */
public enum SupplementalGroupsPolicy {
  MERGE,
  STRICT
}
