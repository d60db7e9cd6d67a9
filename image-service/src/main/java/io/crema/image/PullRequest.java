package io.crema.image;

import io.crema.image.model.Credentials;

/**
 * What to pull.
 *
 * @param reference as the user wrote it; normalised by the service
 */
public record PullRequest(String reference, Credentials credentials) {
  /** Without credentials. */
  public PullRequest(String reference) {
    this(reference, Credentials.NONE);
  }
}
