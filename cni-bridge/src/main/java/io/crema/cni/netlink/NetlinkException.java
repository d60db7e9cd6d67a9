package io.crema.cni.netlink;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The kernel refused a netlink request: what was asked, errno, and its own words if it had any. */
public final class NetlinkException extends IOException {
  private static final long serialVersionUID = 1;

  private final Errno errno;

  NetlinkException(String what, Errno errno, int number, @Nullable String kernelText) {
    super(
        what
            + ": "
            + ErrnoException.describe(number)
            + (kernelText == null ? "" : ": " + kernelText));
    this.errno = errno;
  }

  /** Whether the kernel's reason is {@code reason}. */
  public boolean is(Errno reason) {
    return errno == reason;
  }
}
