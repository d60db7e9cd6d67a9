package io.crema.runtime.cgroup;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Makes the BPF program that decides on device nodes in a v2 group (BPF_PROG_TYPE_CGROUP_DEVICE;
 * the context is struct bpf_cgroup_dev_ctx of linux/bpf.h). Pure: the test runs the program in an
 * interpreter.
 */
final class DeviceProgram {
  /** Bytes of one instruction (struct bpf_insn). */
  static final int INSTRUCTION = 8;

  // Classes, sizes, operations and sources as linux/bpf_common.h and linux/bpf.h add them up.
  static final int LOAD_WORD = 0x61; // BPF_LDX | BPF_MEM | BPF_W
  static final int MOVE = 0xbc; // BPF_ALU | BPF_MOV | BPF_X
  static final int MOVE_IMMEDIATE = 0xb4; // BPF_ALU | BPF_MOV | BPF_K
  static final int AND = 0x54; // BPF_ALU | BPF_AND | BPF_K
  static final int SHIFT_RIGHT = 0x74; // BPF_ALU | BPF_RSH | BPF_K
  static final int JUMP_IF_NOT = 0x55; // BPF_JMP | BPF_JNE | BPF_K
  static final int JUMP_IF = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
  static final int EXIT = 0x95; // BPF_JMP | BPF_EXIT

  private static final int VERDICT = 0;
  private static final int CONTEXT = 1;
  private static final int TYPE = 2;
  private static final int ACCESS = 3;
  private static final int MAJOR = 4;
  private static final int MINOR = 5;
  private static final int SCRATCH = 6;

  private static final int DEVICE_BLOCK = 1;
  private static final int DEVICE_CHARACTER = 2;

  private final ByteBuffer out;

  private DeviceProgram(ByteBuffer out) {
    this.out = out;
  }

  /** The program's instructions, in the machine's byte order. */
  static byte[] of(DeviceAccess access) {
    int most = 6 + 8 * access.exceptions().size() + 2;
    ByteBuffer out = ByteBuffer.allocate(most * INSTRUCTION).order(ByteOrder.nativeOrder());
    new DeviceProgram(out).generate(access);
    byte[] program = new byte[out.position()];
    out.flip().get(program);
    return program;
  }

  private void generate(DeviceAccess access) {
    emit(
        LOAD_WORD, TYPE, CONTEXT, 0, 0); // access_type: access in the upper half, type in the lower
    emit(MOVE, ACCESS, TYPE, 0, 0);
    emit(AND, TYPE, 0, 0, 0xffff);
    emit(SHIFT_RIGHT, ACCESS, 0, 0, 16);
    emit(LOAD_WORD, MAJOR, CONTEXT, 4, 0);
    emit(LOAD_WORD, MINOR, CONTEXT, 8, 0);
    access.exceptions().forEach((node, bits) -> exception(node, bits, access.allowByDefault()));
    emit(MOVE_IMMEDIATE, VERDICT, 0, 0, access.allowByDefault() ? 1 : 0);
    emit(EXIT, 0, 0, 0, 0);
  }

  private void exception(DeviceAccess.Node node, int bits, boolean allowByDefault) {
    int conditions = 1 + (node.major() == null ? 0 : 1) + (node.minor() == null ? 0 : 1);
    int left = conditions + 4; // instructions of this exception that are still to come
    emit(
        JUMP_IF_NOT,
        TYPE,
        0,
        left--,
        node.type() == DeviceRule.Type.BLOCK ? DEVICE_BLOCK : DEVICE_CHARACTER);
    if (node.major() != null) {
      emit(JUMP_IF_NOT, MAJOR, 0, left--, node.major());
    }
    if (node.minor() != null) {
      emit(JUMP_IF_NOT, MINOR, 0, left--, node.minor());
    }
    emit(MOVE, SCRATCH, ACCESS, 0, 0);
    if (allowByDefault) {
      // denied when any of the wanted access is excepted
      emit(AND, SCRATCH, 0, 0, bits);
      emit(JUMP_IF, SCRATCH, 0, 2, 0);
    } else {
      // allowed when all of the wanted access is excepted
      emit(AND, SCRATCH, 0, 0, ~bits);
      emit(JUMP_IF_NOT, SCRATCH, 0, 2, 0);
    }
    emit(MOVE_IMMEDIATE, VERDICT, 0, 0, allowByDefault ? 0 : 1);
    emit(EXIT, 0, 0, 0, 0);
  }

  private void emit(int code, int destination, int source, int offset, int immediate) {
    boolean little = out.order() == ByteOrder.LITTLE_ENDIAN;
    int registers = little ? destination | source << 4 : destination << 4 | source;
    out.put((byte) code).put((byte) registers).putShort((short) offset).putInt(immediate);
  }
}
