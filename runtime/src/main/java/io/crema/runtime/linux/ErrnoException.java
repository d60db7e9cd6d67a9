package io.crema.runtime.linux;

import java.io.IOException;

/** A system call failed: which, with what arguments, and the kernel's reason. */
public final class ErrnoException extends IOException {
  private static final long serialVersionUID = 1;

  private final String call;
  private final String arguments;
  private final int number;

  /**
   * @param call the call's name, as the man pages write it
   * @param arguments the arguments that matter to a reader, already printed
   * @param number errno
   */
  public ErrnoException(String call, String arguments, int number) {
    super(call + "(" + arguments + "): " + describe(number));
    this.call = call;
    this.arguments = arguments;
    this.number = number;
  }

  /** {@code ENOENT (No such file or directory)}. */
  public static String describe(int number) {
    Errno e = Errno.of(number);
    return e == Errno.UNKNOWN ? "errno " + number : e.name() + " (" + e.message() + ")";
  }

  /** The call's name. */
  public String call() {
    return call;
  }

  /** Its printed arguments. */
  public String arguments() {
    return arguments;
  }

  /** The errno as a constant. */
  public Errno errno() {
    return Errno.of(number);
  }

  /** The errno as the kernel's number. */
  public int number() {
    return number;
  }

  /** Whether the kernel's reason is {@code errno}. */
  public boolean is(Errno errno) {
    return number == errno.number();
  }
}
