package io.crema.runtime.launch;

import io.crema.runtime.linux.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a {@link LaunchPlan} as the keeper's child maps and runs it (keeper.c, {@code struct
 * plan_head}, {@code plan_step}, {@code plan_fixup}). All numbers are in the machine's byte order.
 *
 * <pre>
 * head   40 bytes  magic, version, steps, slots, fixups (counts), offsets of steps, fixups and
 *                  data, size of all, 0
 * steps  88 each   u16 operation, u16 tolerated errnos, i32 number (system call, tag, errno or
 *                  clone flags), u8 kind of argument [8], u16 tolerated errno [4], u32 first fixup, u32 fixups,
 *                  i64 argument [6], i64 result (written by the child)
 * fixups 16 each   u32 offset in the data, u16 width, u16 kind, i64 value
 * data             strings, bytes, structures; structures are aligned to 8 bytes
 * </pre>
 *
 * An argument or a fixup is a plain value, a slot's number, an earlier step's index, or an offset
 * in the data, which stands for a pointer. The fixups of a step are stored into the data just
 * before it runs.
 */
public final class PlanCodec {
  static final int MAGIC = 0x4C504B43;
  static final int VERSION = 1;
  static final int HEAD = 40;
  static final int STEP = 88;
  static final int FIXUP = 16;

  static final int OP_CALL = 0;
  static final int OP_WAIT = 1;
  static final int OP_GIVE = 2;
  static final int OP_INIT = 3;
  static final int OP_FAIL = 4;
  static final int OP_CLONE = 5;

  static final int KIND_VALUE = 0;
  static final int KIND_SLOT = 1;
  static final int KIND_RESULT = 2;
  static final int KIND_POINTER = 3;

  private static final byte[] NO_BYTES = {};

  private final LaunchPlan plan;
  private final ByteBuffer steps;
  private final List<Fixup> fixups = new ArrayList<>();
  private final Map<String, Integer> texts = new HashMap<>();
  private byte[] data = new byte[4096];
  private int used;
  private int current;

  private record Fixup(int at, int width, int kind, long value) {}

  private record Encoded(int kind, long value) {}

  private PlanCodec(LaunchPlan plan) {
    this.plan = plan;
    steps = buffer(plan.steps().size() * STEP);
  }

  /**
   * The bytes of {@code plan}.
   *
   * @throws IllegalArgumentException when an argument refers to a later step, to a slot that the
   *     plan doesn't name, or doesn't fit its field
   */
  public static byte[] encode(LaunchPlan plan) {
    return new PlanCodec(plan).encode();
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
  }

  private byte[] encode() {
    for (current = 0; current < plan.steps().size(); current++) {
      step(plan.steps().get(current));
    }
    int fixupsAt = HEAD + steps.capacity();
    int dataAt = align(fixupsAt + fixups.size() * FIXUP);
    ByteBuffer out = buffer(dataAt + used);
    out.putInt(MAGIC).putInt(VERSION);
    out.putInt(plan.steps().size()).putInt(plan.slots().size()).putInt(fixups.size());
    out.putInt(HEAD).putInt(fixupsAt).putInt(dataAt).putInt(dataAt + used).putInt(0);
    out.put(steps.array());
    for (Fixup f : fixups) {
      out.putInt(f.at).putShort((short) f.width).putShort((short) f.kind).putLong(f.value);
    }
    out.put(dataAt, data, 0, used);
    return out.array();
  }

  private void step(Step step) {
    int at = current * STEP;
    int firstFixup = fixups.size();
    switch (step) {
      case Step.Call call -> {
        operation(at, OP_CALL, call.sys().number());
        for (int i = 0; i < call.arguments().size(); i++) {
          argument(at, i, call.arguments().get(i));
        }
        steps.putShort(at + 2, (short) call.tolerated().size());
        int i = 0;
        for (Errno e : call.tolerated().stream().sorted().toList()) {
          steps.putShort(at + 16 + 2 * i++, (short) e.number());
        }
      }
      case Step.Wait _ -> operation(at, OP_WAIT, 0);
      case Step.Give give -> {
        operation(at, OP_GIVE, give.tag());
        argument(at, 0, give.descriptor());
      }
      case Step.Init _ -> operation(at, OP_INIT, 0);
      case Step.Fail fail -> operation(at, OP_FAIL, fail.errno().number());
      case Step.Clone clone -> operation(at, OP_CLONE, clone.flags());
    }
    steps.putInt(at + 24, firstFixup).putInt(at + 28, fixups.size() - firstFixup);
  }

  private void operation(int at, int op, int number) {
    steps.putShort(at, (short) op).putInt(at + 4, number);
  }

  private void argument(int at, int index, Arg arg) {
    Encoded e = encode(arg);
    steps.put(at + 8 + index, (byte) e.kind).putLong(at + 32 + 8 * index, e.value);
  }

  private Encoded encode(Arg arg) {
    return switch (arg) {
      case Arg.Value v -> new Encoded(KIND_VALUE, v.value());
      case Arg.Slot s -> {
        if (s.index() < 0 || s.index() >= plan.slots().size()) {
          throw wrong("slot " + s.index() + " (" + s.name() + ") is not in " + plan.slots());
        }
        yield new Encoded(KIND_SLOT, s.index());
      }
      case Arg.Result r -> {
        if (r.step() < 0 || r.step() >= current) {
          throw wrong("the result of step " + r.step() + " is not known yet");
        }
        yield new Encoded(KIND_RESULT, r.step());
      }
      case Arg.Text t -> new Encoded(KIND_POINTER, text(t.text()));
      case Arg.Bytes b -> new Encoded(KIND_POINTER, place(b.bytes(), b.bytes().length, 8));
      case Arg.Struct s -> new Encoded(KIND_POINTER, struct(s));
      case Arg.Pointers p -> new Encoded(KIND_POINTER, pointers(p));
    };
  }

  private int text(String text) {
    if (text.indexOf('\0') >= 0) {
      throw wrong("a NUL character in \"" + text.replace("\0", "\\0") + "\"");
    }
    Integer known = texts.get(text);
    if (known != null) {
      return known;
    }
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    int at = place(utf8, utf8.length + 1, 1);
    texts.put(text, at);
    return at;
  }

  private int struct(Arg.Struct struct) {
    int at = place(NO_BYTES, struct.size(), 8);
    for (Arg.Field field : struct.fields()) {
      if (field.offset() < 0 || field.offset() + field.width() > struct.size()) {
        throw wrong(struct.label() + ": a field at " + field.offset() + " of " + struct.size());
      }
      store(at + field.offset(), field.width(), field.value(), struct.label());
    }
    return at;
  }

  private int pointers(Arg.Pointers pointers) {
    int at = place(NO_BYTES, 8 * (pointers.elements().size() + 1), 8);
    for (int i = 0; i < pointers.elements().size(); i++) {
      store(at + 8 * i, 8, pointers.elements().get(i), pointers.label());
    }
    return at;
  }

  private void store(int at, int width, Arg value, String label) {
    Encoded e = encode(value);
    if (width != 1 && width != 2 && width != 4 && width != 8) {
      throw wrong(label + ": a field " + width + " bytes wide");
    }
    if (e.kind == KIND_POINTER && width != 8) {
      throw wrong(label + ": a pointer in " + width + " bytes");
    }
    if (e.kind != KIND_VALUE) {
      fixups.add(new Fixup(at, width, e.kind, e.value));
      return;
    }
    ByteBuffer d = ByteBuffer.wrap(data).order(ByteOrder.nativeOrder());
    switch (width) {
      case 1 -> d.put(at, (byte) e.value);
      case 2 -> d.putShort(at, (short) e.value);
      case 4 -> d.putInt(at, (int) e.value);
      default -> d.putLong(at, e.value);
    }
    if (width < 8 && e.value >> (8 * width) != 0 && e.value >> (8 * width - 1) != -1) {
      throw wrong(label + ": " + e.value + " in " + width + " bytes");
    }
  }

  private int place(byte[] bytes, int size, int alignment) {
    int at = alignment == 1 ? used : align(used);
    int end = Math.addExact(at, size);
    if (end > data.length) {
      data = Arrays.copyOf(data, Math.max(end, data.length * 2));
    }
    System.arraycopy(bytes, 0, data, at, bytes.length);
    used = end;
    return at;
  }

  private static int align(int n) {
    return (n + 7) & ~7;
  }

  private IllegalArgumentException wrong(String message) {
    return new IllegalArgumentException(
        "step " + current + " (" + plan.purposeOf(current) + "): " + message);
  }
}
