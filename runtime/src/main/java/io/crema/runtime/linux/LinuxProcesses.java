package io.crema.runtime.linux;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalInt;

/** {@link Processes} by libc and system calls. */
final class LinuxProcesses implements Processes {
  static {
    Native.register(LinuxProcesses.class, NativeLibrary.getInstance("c"));
  }

  static final LinuxProcesses INSTANCE = new LinuxProcesses();

  private static final int O_RDWR = 2;
  private static final int WNOHANG = 1;
  private static final short POSIX_SPAWN_SETSIGDEF = 0x04;
  private static final short POSIX_SPAWN_SETSIGMASK = 0x08;
  private static final short POSIX_SPAWN_SETSID = 0x80;
  // glibc's posix_spawnattr_t has 336 bytes, its posix_spawn_file_actions_t 80, its sigset_t 128;
  // musl's are no larger (spawn.h).
  private static final int OPAQUE = 1024;

  private static native int posix_spawn(
      byte[] pid, byte[] path, byte[] actions, byte[] attributes, Pointer argv, Pointer envp);

  private static native int posix_spawnattr_init(byte[] attributes);

  private static native int posix_spawnattr_setflags(byte[] attributes, short flags);

  private static native int posix_spawnattr_setsigdefault(byte[] attributes, byte[] signals);

  private static native int posix_spawnattr_setsigmask(byte[] attributes, byte[] signals);

  private static native int sigfillset(byte[] signals);

  private static native int posix_spawn_file_actions_init(byte[] actions);

  private static native int posix_spawn_file_actions_adddup2(byte[] actions, int fd, int as);

  private static native int posix_spawn_file_actions_addopen(
      byte[] actions, int fd, byte[] path, int flags, int mode);

  private static native int posix_spawn_file_actions_destroy(byte[] actions);

  private static native int posix_spawnattr_destroy(byte[] attributes);

  @Override
  public int spawn(String executable, List<String> argv, Fd stdin) throws ErrnoException {
    byte[] attributes = new byte[OPAQUE];
    byte[] actions = new byte[OPAQUE];
    byte[] all = new byte[OPAQUE];
    ByteBuffer pid = Libc.struct(4);
    check("posix_spawnattr_init", executable, posix_spawnattr_init(attributes));
    check("posix_spawn_file_actions_init", executable, posix_spawn_file_actions_init(actions));
    try (Memory arguments = strings(argv);
        Memory environment = strings(List.of())) {
      sigfillset(all);
      check(
          "posix_spawnattr_setflags",
          executable,
          posix_spawnattr_setflags(
              attributes,
              (short) (POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)));
      check(
          "posix_spawnattr_setsigdefault",
          executable,
          posix_spawnattr_setsigdefault(attributes, all));
      check(
          "posix_spawnattr_setsigmask",
          executable,
          posix_spawnattr_setsigmask(attributes, new byte[OPAQUE]));
      byte[] devNull = Libc.cstr("/dev/null");
      check(
          "posix_spawn_file_actions_adddup2",
          executable,
          posix_spawn_file_actions_adddup2(actions, stdin.number(), 0));
      for (int fd = 1; fd <= 2; fd++) {
        check(
            "posix_spawn_file_actions_addopen",
            executable,
            posix_spawn_file_actions_addopen(actions, fd, devNull, O_RDWR, 0));
      }
      check(
          "posix_spawn",
          executable,
          posix_spawn(
              pid.array(), Libc.cstr(executable), actions, attributes, arguments, environment));
      return pid.getInt(0);
    } finally {
      posix_spawn_file_actions_destroy(actions);
      posix_spawnattr_destroy(attributes);
    }
  }

  private static void check(String call, String arguments, int error) throws ErrnoException {
    if (error != 0) {
      throw new ErrnoException(call, arguments, error);
    }
  }

  /** An array of pointers, ended by a null pointer, with the strings behind it, one by one. */
  private static Memory strings(List<String> strings) {
    List<byte[]> bytes = strings.stream().map(Libc::cstr).toList();
    long at = 8L * (bytes.size() + 1);
    Memory memory = new Memory(at + bytes.stream().mapToInt(b -> b.length).sum());
    memory.clear();
    for (int i = 0; i < bytes.size(); i++) {
      memory.setLong(8L * i, Pointer.nativeValue(memory) + at);
      memory.write(at, bytes.get(i), 0, bytes.get(i).length);
      at += bytes.get(i).length;
    }
    return memory;
  }

  @Override
  public void kill(int pid, int signal) throws ErrnoException {
    Calls.check(
        Sys.KILL,
        () -> pid + ", " + signal,
        () -> Libc.syscall(Sys.KILL.number(), (long) pid, (long) signal, 0, 0, 0, 0));
  }

  @Override
  public OptionalInt reap(int pid, boolean block) throws ErrnoException {
    ByteBuffer status = Libc.struct(4);
    long reaped =
        Calls.check(
            Sys.WAIT4,
            () -> String.valueOf(pid),
            () ->
                Libc.syscall(
                    Sys.WAIT4.number(), pid, status.array(), block ? 0L : WNOHANG, 0, 0, 0));
    return reaped == 0 ? OptionalInt.empty() : OptionalInt.of(status.getInt(0));
  }

  @Override
  public Fd pidfd(int pid) throws ErrnoException {
    return Fd.own(
        Calls.check(
            Sys.PIDFD_OPEN,
            () -> String.valueOf(pid),
            () -> Libc.syscall(Sys.PIDFD_OPEN.number(), (long) pid, 0L, 0, 0, 0, 0)),
        "process " + pid);
  }

  @Override
  public void signal(Fd pidfd, int signal) throws ErrnoException {
    Calls.check(
        Sys.PIDFD_SEND_SIGNAL,
        () -> pidfd + ", " + signal,
        () ->
            Libc.syscall(
                Sys.PIDFD_SEND_SIGNAL.number(), pidfd.number(), (long) signal, 0, 0, 0, 0));
  }
}
