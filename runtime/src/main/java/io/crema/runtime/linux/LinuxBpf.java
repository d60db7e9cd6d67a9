package io.crema.runtime.linux;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;

/** {@link Bpf} by system calls; union bpf_attr and its constants are of linux/bpf.h. */
final class LinuxBpf implements Bpf {
  static final LinuxBpf INSTANCE = new LinuxBpf();

  private static final int PROG_LOAD = 5;
  private static final int PROG_ATTACH = 8;
  private static final int PROG_DETACH = 9;
  private static final int PROG_GET_FD_BY_ID = 13;
  private static final int PROG_QUERY = 16;
  private static final int PROG_TYPE_CGROUP_DEVICE = 15;
  private static final int ATTACH_TYPE_CGROUP_DEVICE = 6;
  private static final int F_ALLOW_MULTI = 2;
  private static final int F_REPLACE = 4;

  private static final int INSTRUCTION = 8;
  private static final int ATTR = 128; // long enough for all; the kernel wants the rest zero
  private static final int MOST_PROGRAMS = 64; // BPF_CGROUP_MAX_PROGS

  private static long bpf(int command, Memory attr, String what) throws ErrnoException {
    return Calls.check(
        Sys.BPF,
        () -> what,
        () -> Libc.syscall(Sys.BPF.number(), command, (Pointer) attr, attr.size(), 0, 0, 0));
  }

  private static Memory attr() {
    Memory attr = new Memory(ATTR);
    attr.clear();
    return attr;
  }

  @Override
  public void replaceDeviceProgram(Fd cgroup, byte[] instructions) throws ErrnoException {
    List<Integer> before = attached(cgroup);
    try (Fd program = load(instructions)) {
      if (before.size() == 1) {
        try (Fd old = program(before.getFirst())) {
          attach(cgroup, program, F_ALLOW_MULTI | F_REPLACE, old.number());
        }
        return;
      }
      // all attached programs must agree, so the new one counts at once
      attach(cgroup, program, F_ALLOW_MULTI, 0);
      for (int id : before) {
        try (Fd old = program(id)) {
          detach(cgroup, old);
        }
      }
    }
  }

  private static Fd load(byte[] instructions) throws ErrnoException {
    try (Memory code = new Memory(instructions.length);
        Memory license = new Memory(11);
        Memory attr = attr()) {
      code.write(0, instructions, 0, instructions.length);
      license.setString(0, "Apache-2.0");
      attr.setInt(0, PROG_TYPE_CGROUP_DEVICE);
      attr.setInt(4, instructions.length / INSTRUCTION);
      attr.setPointer(8, code);
      attr.setPointer(16, license);
      return Fd.own(
          bpf(PROG_LOAD, attr, "BPF_PROG_LOAD, BPF_PROG_TYPE_CGROUP_DEVICE"), "device program");
    }
  }

  private static void attach(Fd cgroup, Fd program, int flags, int replace) throws ErrnoException {
    try (Memory attr = attr()) {
      attr.setInt(0, cgroup.number());
      attr.setInt(4, program.number());
      attr.setInt(8, ATTACH_TYPE_CGROUP_DEVICE);
      attr.setInt(12, flags);
      attr.setInt(16, replace);
      bpf(PROG_ATTACH, attr, "BPF_PROG_ATTACH, " + cgroup);
    }
  }

  private static void detach(Fd cgroup, Fd program) throws ErrnoException {
    try (Memory attr = attr()) {
      attr.setInt(0, cgroup.number());
      attr.setInt(4, program.number());
      attr.setInt(8, ATTACH_TYPE_CGROUP_DEVICE);
      bpf(PROG_DETACH, attr, "BPF_PROG_DETACH, " + cgroup);
    }
  }

  private static Fd program(int id) throws ErrnoException {
    try (Memory attr = attr()) {
      attr.setInt(0, id);
      return Fd.own(
          bpf(PROG_GET_FD_BY_ID, attr, "BPF_PROG_GET_FD_BY_ID, " + id), "device program " + id);
    }
  }

  private static List<Integer> attached(Fd cgroup) throws ErrnoException {
    try (Memory ids = new Memory(4L * MOST_PROGRAMS);
        Memory attr = attr()) {
      attr.setInt(0, cgroup.number());
      attr.setInt(4, ATTACH_TYPE_CGROUP_DEVICE);
      attr.setPointer(16, ids);
      attr.setInt(24, MOST_PROGRAMS);
      bpf(PROG_QUERY, attr, "BPF_PROG_QUERY, " + cgroup);
      List<Integer> out = new ArrayList<>();
      for (int i = 0; i < attr.getInt(24); i++) {
        out.add(ids.getInt(4L * i));
      }
      return out;
    }
  }
}
