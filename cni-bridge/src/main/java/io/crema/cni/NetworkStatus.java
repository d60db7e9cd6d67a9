package io.crema.cni;

/**
 * Whether pods can be attached now.
 *
 * @param reason one CamelCase word, empty when ready
 * @param message what is wrong and what a person can do about it, empty when ready
 */
public record NetworkStatus(boolean ready, String reason, String message) {
  /** All is well. */
  public static NetworkStatus ok() {
    return new NetworkStatus(true, "", "");
  }

  /** Pods can't be attached. */
  public static NetworkStatus notReady(String reason, String message) {
    return new NetworkStatus(false, reason, message);
  }
}
