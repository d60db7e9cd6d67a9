package io.crema.image.layer;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A layer's content is at fault, not the disk and not the network. */
public final class LayerException extends IOException {
  private static final long serialVersionUID = 1;

  private final boolean tooLarge;

  private LayerException(String message, boolean tooLarge, @Nullable Throwable cause) {
    super(message, cause);
    this.tooLarge = tooLarge;
  }

  static LayerException invalid(String message) {
    return new LayerException(message, false, null);
  }

  static LayerException invalid(String message, Throwable cause) {
    return new LayerException(message, false, cause);
  }

  static LayerException tooLarge(String message) {
    return new LayerException(message, true, null);
  }

  /** Whether a configured limit was exceeded. */
  public boolean isTooLarge() {
    return tooLarge;
  }
}
