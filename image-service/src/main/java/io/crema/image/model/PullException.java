package io.crema.image.model;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Why an image couldn't be pulled. The message says the whole story (image, hosts tried, reason)
 * and never holds credentials; the type says which gRPC code fits.
 */
public abstract sealed class PullException extends IOException {
  private static final long serialVersionUID = 1;

  private PullException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** The same failure with {@code prefix} in front of its message. */
  public abstract PullException prefixed(String prefix);

  /** No host has it (gRPC NOT_FOUND). */
  public static final class NotFound extends PullException {
    private static final long serialVersionUID = 1;

    public NotFound(String message, @Nullable Throwable cause) {
      super(message, cause);
    }

    @Override
    public NotFound prefixed(String prefix) {
      return new NotFound(prefix + getMessage(), this);
    }
  }

  /**
   * The registry wants credentials, or other ones (HTTP 401, gRPC UNAUTHENTICATED); the kubelet
   * tries its next ones.
   */
  public static final class Unauthorized extends PullException {
    private static final long serialVersionUID = 1;

    public Unauthorized(String message, @Nullable Throwable cause) {
      super(message, cause);
    }

    @Override
    public Unauthorized prefixed(String prefix) {
      return new Unauthorized(prefix + getMessage(), this);
    }
  }

  /** The registry knows who asks and refuses (HTTP 403, gRPC PERMISSION_DENIED). */
  public static final class Denied extends PullException {
    private static final long serialVersionUID = 1;

    public Denied(String message, @Nullable Throwable cause) {
      super(message, cause);
    }

    @Override
    public Denied prefixed(String prefix) {
      return new Denied(prefix + getMessage(), this);
    }
  }

  /**
   * No host could be reached, or each failed on its side (5xx, 429, broken connections). The
   * message that goes to the kubelet must start with {@code RegistryUnavailable} (kubelet
   * images/image_manager.go): {@link #prefixed} keeps that word first.
   */
  public static final class RegistryUnavailable extends PullException {
    private static final long serialVersionUID = 1;

    /** The word that the kubelet looks for. */
    public static final String PREFIX = "RegistryUnavailable";

    public RegistryUnavailable(String message, @Nullable Throwable cause) {
      super(message.startsWith(PREFIX) ? message : PREFIX + ": " + message, cause);
    }

    @Override
    public RegistryUnavailable prefixed(String prefix) {
      String m = String.valueOf(getMessage());
      return new RegistryUnavailable(prefix + m.substring(PREFIX.length() + 2), this);
    }
  }

  /**
   * The reference isn't one, or what the registry sent isn't a usable image: digest, media type,
   * layers, configuration (gRPC INVALID_ARGUMENT).
   */
  public static final class Invalid extends PullException {
    private static final long serialVersionUID = 1;

    public Invalid(String message, @Nullable Throwable cause) {
      super(message, cause);
    }

    public Invalid(String message) {
      this(message, null);
    }

    @Override
    public Invalid prefixed(String prefix) {
      return new Invalid(prefix + getMessage(), this);
    }
  }

  /** A document, layer or image beyond the configured limits (gRPC RESOURCE_EXHAUSTED). */
  public static final class TooLarge extends PullException {
    private static final long serialVersionUID = 1;

    public TooLarge(String message) {
      this(message, null);
    }

    public TooLarge(String message, @Nullable Throwable cause) {
      super(message, cause);
    }

    @Override
    public TooLarge prefixed(String prefix) {
      return new TooLarge(prefix + getMessage(), this);
    }
  }

  /** The node's own disk or kernel failed (gRPC INTERNAL; RESOURCE_EXHAUSTED when it is full). */
  public static final class Storage extends PullException {
    private static final long serialVersionUID = 1;

    public Storage(String message, @Nullable Throwable cause) {
      super(message, cause);
    }

    /** Whether the disk, or its inodes, or the quota on either ran out. */
    public boolean isFull() {
      for (Throwable e = this; e != null; e = e.getCause()) {
        if (e instanceof ErrnoException errno
            && (errno.is(Errno.ENOSPC) || errno.is(Errno.EDQUOT))) {
          return true;
        }
        // java.nio.channels has only the kernel's text
        String message = String.valueOf(e.getMessage());
        if (message.contains(Errno.ENOSPC.message()) || message.contains(Errno.EDQUOT.message())) {
          return true;
        }
      }
      return false;
    }

    @Override
    public Storage prefixed(String prefix) {
      return new Storage(prefix + getMessage(), this);
    }
  }
}
