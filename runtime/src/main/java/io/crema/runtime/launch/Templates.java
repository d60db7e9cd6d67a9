package io.crema.runtime.launch;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The mount namespaces that containers' own begin as: one for all, and one for those in user
 * namespaces, made when the first of them comes. Thread-safe.
 */
public final class Templates implements AutoCloseable {
  private final TemplateMountNamespace plain;
  private volatile @Nullable TemplateMountNamespace forUsers;

  private Templates(TemplateMountNamespace plain) {
    this.plain = plain;
  }

  /** Makes the one that every daemon needs. */
  public static Templates create() throws IOException, InterruptedException {
    return new Templates(TemplateMountNamespace.create());
  }

  /** For containers without a user namespace; this stays its owner. */
  public TemplateMountNamespace plain() {
    return plain;
  }

  /** For containers with the ids {@code users}, or without a user namespace for null. */
  public TemplateMountNamespace of(@Nullable UserMap users)
      throws IOException, InterruptedException {
    if (users == null) {
      return plain;
    }
    TemplateMountNamespace known = forUsers;
    if (known == null) {
      synchronized (this) {
        known = forUsers;
        if (known == null) {
          known = TemplateMountNamespace.createForUserNamespaces();
          forUsers = known;
        }
      }
    }
    return known;
  }

  @Override
  public void close() {
    plain.close();
    TemplateMountNamespace made = forUsers;
    if (made != null) {
      made.close();
    }
  }
}
