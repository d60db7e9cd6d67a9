package io.crema.runtime.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * libseccomp (seccomp_init(3), seccomp_rule_add(3), seccomp_export_bpf(3)): the compiler of seccomp
 * filters. Loaded when first used.
 */
public final class LibSeccomp {
  /** What {@link #syscall} answers for a name that the library doesn't know. */
  public static final int UNKNOWN = -1; // __NR_SCMP_ERROR

  /** SCMP_ARCH_X86_64, which is AUDIT_ARCH_X86_64. */
  public static final int ARCH_X86_64 = 0xC000003E;

  /** SCMP_ARCH_X32, which is the library's own invention. */
  public static final int ARCH_X32 = 0x4000003E;

  private static final int ATTRIBUTE_NO_NEW_PRIVS = 3; // SCMP_FLTATR_CTL_NNP
  private static final int ATTRIBUTE_OPTIMIZE = 8; // SCMP_FLTATR_CTL_OPTIMIZE
  private static final int BINARY_TREE = 2;
  private static final int CONDITION = 24; // struct scmp_arg_cmp

  private LibSeccomp() {}

  /** The native functions; a class of its own so that it is initialised, and can fail, late. */
  private static final class Functions {
    static {
      Native.register(Functions.class, NativeLibrary.getInstance("libseccomp.so.2"));
    }

    private Functions() {}

    static native @Nullable Pointer seccomp_init(int action);

    static native void seccomp_release(Pointer filter);

    static native int seccomp_arch_add(Pointer filter, int arch);

    static native int seccomp_arch_resolve_name(byte[] name);

    static native int seccomp_attr_set(Pointer filter, int attribute, int value);

    static native int seccomp_syscall_resolve_name(byte[] name);

    static native int seccomp_syscall_resolve_name_arch(int arch, byte[] name);

    static native int seccomp_rule_add_array(
        Pointer filter, int action, int syscall, int count, byte[] conditions);

    static native int seccomp_export_bpf(Pointer filter, int fd);
  }

  /** The library refused: which call, and its reason. */
  public static final class SeccompException extends IOException {
    private static final long serialVersionUID = 1;

    private SeccompException(String call, int error) {
      super("libseccomp: " + call + ": " + ErrnoException.describe(-error));
    }
  }

  /** A comparison of an argument; {@code operator} is of enum scmp_compare. */
  public record Condition(int argument, int operator, long a, long b) {}

  /**
   * A new filter.
   *
   * @param defaultAction SCMP_ACT_*
   * @throws IOException when the library isn't installed
   */
  public static Filter filter(int defaultAction) throws IOException {
    @Nullable Pointer p;
    try {
      p = Functions.seccomp_init(defaultAction);
    } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
      throw new IOException(
          "libseccomp.so.2 isn't installed, which seccomp profiles need: install the package"
              + " libseccomp2 (Debian, Ubuntu) or libseccomp (Fedora, Alpine)",
          e);
    }
    if (p == null) {
      throw new SeccompException("seccomp_init", -Errno.EINVAL.number());
    }
    Filter filter = new Filter(p);
    try {
      // the launch plan says so itself, where it is wanted
      filter.attribute(ATTRIBUTE_NO_NEW_PRIVS, 0);
      return filter;
    } catch (SeccompException e) {
      filter.close();
      throw e;
    }
  }

  /** The token of an architecture as the library names it ({@code x86_64}), or 0. */
  public static int arch(String name) {
    return Functions.seccomp_arch_resolve_name(Libc.cstr(name));
  }

  /**
   * The number of a system call on this machine: negative, but not {@link #UNKNOWN}, when only
   * other architectures have it.
   */
  public static int syscall(String name) {
    return Functions.seccomp_syscall_resolve_name(Libc.cstr(name));
  }

  /** The number of a system call on {@code arch}; negative when that hasn't got it. */
  public static int syscall(int arch, String name) {
    return Functions.seccomp_syscall_resolve_name_arch(arch, Libc.cstr(name));
  }

  /** A filter that is being made. Owned by one thread. */
  public static final class Filter implements AutoCloseable {
    private @Nullable Pointer filter;

    private Filter(Pointer filter) {
      this.filter = filter;
    }

    private static void check(String call, int result) throws SeccompException {
      if (result < 0) {
        throw new SeccompException(call, result);
      }
    }

    private Pointer filter() {
      if (filter == null) {
        throw new IllegalStateException("the filter is released");
      }
      return filter;
    }

    private void attribute(int attribute, int value) throws SeccompException {
      check("seccomp_attr_set", Functions.seccomp_attr_set(filter(), attribute, value));
    }

    /** Filters another architecture too; one that is filtered already is fine. */
    public void addArch(int arch) throws SeccompException {
      int result = Functions.seccomp_arch_add(filter(), arch);
      if (result != -Errno.EEXIST.number()) {
        check("seccomp_arch_add(0x" + Integer.toHexString(arch) + ")", result);
      }
    }

    /** Has the filter search a tree instead of a list; not known before libseccomp 2.5. */
    public void optimizeForManyRules() throws SeccompException {
      int result = Functions.seccomp_attr_set(filter(), ATTRIBUTE_OPTIMIZE, BINARY_TREE);
      if (result != -Errno.EINVAL.number()) {
        check("seccomp_attr_set", result);
      }
    }

    /** Adds a rule: all conditions must hold. */
    public void addRule(int action, int syscall, List<Condition> conditions)
        throws SeccompException {
      ByteBuffer array = Libc.struct(Math.max(1, conditions.size()) * CONDITION);
      for (int i = 0; i < conditions.size(); i++) {
        Condition c = conditions.get(i);
        array
            .putInt(i * CONDITION, c.argument())
            .putInt(i * CONDITION + 4, c.operator())
            .putLong(i * CONDITION + 8, c.a())
            .putLong(i * CONDITION + 16, c.b());
      }
      check(
          "seccomp_rule_add",
          Functions.seccomp_rule_add_array(
              filter(), action, syscall, conditions.size(), array.array()));
    }

    /** The filter's instructions: struct sock_filter, in the machine's byte order. */
    public byte[] export() throws IOException {
      try (Fd memory = Descriptors.linux().memfd("seccomp", new byte[0])) {
        check("seccomp_export_bpf", Functions.seccomp_export_bpf(filter(), memory.number()));
        return Files.readAllBytes(Path.of(memory.procPath()));
      }
    }

    @Override
    public void close() {
      if (filter != null) {
        Functions.seccomp_release(filter);
        filter = null;
      }
    }
  }
}
