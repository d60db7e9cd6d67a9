package io.crema.sandbox.model;

/**
 * A seccomp or AppArmor profile (CRI SecurityProfile); {@code localhostRef} is empty unless the
 * kind is LOCALHOST.
 */
public record SecurityProfile(Kind kind, String localhostRef) {

  /** CRI SecurityProfile.ProfileType. */
  public enum Kind {
    RUNTIME_DEFAULT,
    UNCONFINED,
    LOCALHOST
  }
}
