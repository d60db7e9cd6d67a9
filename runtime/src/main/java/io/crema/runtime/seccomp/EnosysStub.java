package io.crema.runtime.seccomp;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * What goes before a filter so that system calls newer than its profile fail with ENOSYS rather
 * than EPERM: C libraries fall back to an older call on the one and give up on the other (as runc's
 * patchbpf does).
 */
final class EnosysStub {
  // linux/bpf_common.h
  private static final int LOAD_WORD = 0x20; // BPF_LD | BPF_W | BPF_ABS
  private static final int JUMP = 0x05; // BPF_JMP | BPF_JA
  private static final int JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
  private static final int JUMP_GREATER = 0x25; // BPF_JMP | BPF_JGT | BPF_K
  private static final int JUMP_SET = 0x45; // BPF_JMP | BPF_JSET | BPF_K
  private static final int RETURN = 0x06; // BPF_RET | BPF_K

  // struct seccomp_data of linux/seccomp.h
  private static final int NUMBER = 0;
  private static final int ARCH = 4;

  private static final int ENOSYS = SeccompProfile.Action.ERRNO | 38;
  private static final int X32_BIT = 0x40000000;

  private EnosysStub() {}

  /**
   * The largest call that a profile names on one architecture.
   *
   * @param auditArch AUDIT_ARCH_* as the kernel gives it
   * @param x32 whether it is for the ABI that shares its AUDIT_ARCH with x86_64
   */
  record Largest(int auditArch, boolean x32, int number) {}

  /** Where a jump goes. */
  private enum Target {
    NEXT,
    AFTER_NEXT,
    NEXT_ARCH,
    ENOSYS,
    FILTER
  }

  private record Instruction(int code, Target yes, Target no, int k, int section) {}

  static byte[] of(List<Largest> largest) {
    List<Instruction> code = new ArrayList<>();
    code.add(new Instruction(LOAD_WORD, Target.NEXT, Target.NEXT, ARCH, 0));
    List<Integer> arches = largest.stream().map(Largest::auditArch).distinct().toList();
    for (int section = 0; section < arches.size(); section++) {
      int arch = arches.get(section);
      int plain = number(largest, arch, false);
      int x32 = number(largest, arch, true);
      code.add(new Instruction(JUMP_EQUAL, Target.NEXT, Target.NEXT_ARCH, arch, section));
      code.add(new Instruction(LOAD_WORD, Target.NEXT, Target.NEXT, NUMBER, section));
      if (x32 >= 0 || isX86(arch)) {
        code.add(new Instruction(JUMP_SET, Target.AFTER_NEXT, Target.NEXT, X32_BIT, section));
        code.add(comparison(plain, section));
        code.add(comparison(x32, section));
      } else {
        code.add(comparison(plain, section));
      }
    }
    code.add(new Instruction(JUMP, Target.FILTER, Target.FILTER, 0, arches.size()));
    code.add(new Instruction(RETURN, Target.NEXT, Target.NEXT, ENOSYS, arches.size()));
    return encode(code);
  }

  private static boolean isX86(int auditArch) {
    return auditArch == 0xC000003E;
  }

  private static int number(List<Largest> largest, int arch, boolean x32) {
    return largest.stream()
        .filter(l -> l.auditArch() == arch && l.x32() == x32)
        .mapToInt(Largest::number)
        .findFirst()
        .orElse(-1);
  }

  /** Without a number nothing is too large: the filter itself knows what to do with that ABI. */
  private static Instruction comparison(int number, int section) {
    return number < 0
        ? new Instruction(JUMP, Target.FILTER, Target.FILTER, 0, section)
        : new Instruction(JUMP_GREATER, Target.ENOSYS, Target.FILTER, number, section);
  }

  private static byte[] encode(List<Instruction> code) {
    ByteBuffer out =
        ByteBuffer.allocate(code.size() * SeccompFilter.INSTRUCTION).order(ByteOrder.nativeOrder());
    for (int at = 0; at < code.size(); at++) {
      Instruction i = code.get(at);
      int yes = distance(code, at, i.yes);
      int no = distance(code, at, i.no);
      boolean always = i.code == JUMP;
      out.putShort((short) i.code)
          .put((byte) (always ? 0 : yes))
          .put((byte) (always ? 0 : no))
          .putInt(always ? yes : i.k);
    }
    return out.array();
  }

  /** Instructions to skip; a filter has so few architectures that it fits a byte. */
  private static int distance(List<Instruction> code, int at, Target target) {
    return switch (target) {
      case NEXT -> 0;
      case AFTER_NEXT -> 1;
      case ENOSYS -> code.size() - 1 - (at + 1);
      case FILTER -> code.size() - (at + 1);
      case NEXT_ARCH -> {
        int next = at + 1;
        while (code.get(next).section == code.get(at).section) {
          next++;
        }
        yield next - (at + 1);
      }
    };
  }
}
