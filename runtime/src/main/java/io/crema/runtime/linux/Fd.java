package io.crema.runtime.linux;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * An open file descriptor with one owner: whoever holds the {@code Fd} closes it, once.
 *
 * <p>Passing an {@code Fd} to a method lends it; a method that takes ownership says so. Every
 * descriptor is close-on-exec.
 */
public final class Fd implements AutoCloseable {
  private static final VarHandle NUMBER;

  static {
    try {
      NUMBER = MethodHandles.lookup().findVarHandle(Fd.class, "number", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings("UnusedVariable") // through NUMBER
  private volatile int number;

  private final String what;

  private Fd(int number, String what) {
    this.number = number;
    this.what = what;
  }

  /** Takes ownership of descriptor {@code number}; {@code what} names it in errors. */
  public static Fd own(long number, String what) {
    if (number < 0 || number > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("descriptor " + number + " of " + what);
    }
    return new Fd((int) number, what);
  }

  /** The descriptor's number; the {@code Fd} stays its owner. */
  public int number() {
    int n = (int) NUMBER.getVolatile(this);
    if (n < 0) {
      throw new IllegalStateException("descriptor of " + what + " is closed");
    }
    return n;
  }

  /** Gives the number up to the caller, who now has to close it. */
  public int release() {
    int n = (int) NUMBER.getAndSet(this, -1);
    if (n < 0) {
      throw new IllegalStateException("descriptor of " + what + " is closed");
    }
    return n;
  }

  /** Whether this still owns a descriptor. */
  public boolean isOpen() {
    return (int) NUMBER.getVolatile(this) >= 0;
  }

  /** {@code /proc/self/fd/N}, for interfaces that take only paths. */
  public String procPath() {
    return "/proc/self/fd/" + number();
  }

  /** What this descriptor is of, for messages. */
  public String what() {
    return what;
  }

  /** Closes the descriptor; a second call does nothing. */
  @Override
  public void close() {
    int n = (int) NUMBER.getAndSet(this, -1);
    if (n >= 0) {
      Libc.close(n);
    }
  }

  @Override
  public String toString() {
    return (int) NUMBER.getVolatile(this) + "<" + what + ">";
  }
}
