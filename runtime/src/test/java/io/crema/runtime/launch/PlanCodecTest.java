package io.crema.runtime.launch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.Sys;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlanCodecTest {
  private static final Arg[] SIMPLE = {
    Arg.of(0),
    Arg.of(-1),
    Arg.of(Long.MAX_VALUE),
    Arg.of("x"),
    Arg.of(""),
    Arg.of("héllo"),
    new Arg.Bytes(new byte[0], ""),
    new Arg.Bytes(new byte[] {1, 2, 3}, "")
  };

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 42, 4711})
  void whatTheChildWouldSeeIsWhatThePlanSays(long seed) {
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      LaunchPlan plan = randomPlan(random);
      Decoded decoded = new Decoded(PlanCodec.encode(plan));
      assertThat(decoded.stepCount).isEqualTo(plan.steps().size());
      assertThat(decoded.slotCount).isEqualTo(plan.slots().size());
      for (int i = 0; i < plan.steps().size(); i++) {
        decoded.check(i, plan.steps().get(i));
      }
    }
  }

  private static LaunchPlan randomPlan(Random random) {
    PlanBuilder plan = new PlanBuilder();
    Arg.Slot slot = plan.slot("a");
    Arg.Slot other = plan.slot("b");
    int steps = random.nextInt(12);
    for (int i = 0; i < steps; i++) {
      switch (random.nextInt(6)) {
        case 0 -> plan.add(new Step.Wait("w"));
        case 1 -> plan.add(new Step.Fail("f", Errno.EPERM));
        case 2 -> plan.add(new Step.Give("g", random.nextInt(9), slot));
        default -> {
          Arg[] args = new Arg[random.nextInt(7)];
          for (int a = 0; a < args.length; a++) {
            args[a] = randomArg(random, i, slot, other, 2);
          }
          Set<Errno> tolerated = EnumSet.noneOf(Errno.class);
          for (int t = random.nextInt(5); t > 0; t--) {
            tolerated.add(Errno.of(1 + random.nextInt(30)));
          }
          plan.call("c", random.nextBoolean() ? Sys.MOUNT : Sys.OPENAT2, tolerated, args);
        }
      }
    }
    return plan.build();
  }

  private static Arg randomArg(Random random, int step, Arg slot, Arg other, int depth) {
    int kind = random.nextInt(depth > 0 ? 12 : 10);
    if (kind < SIMPLE.length) {
      return SIMPLE[kind];
    }
    if (kind < 10) {
      return step > 0 && kind == 8
          ? new Arg.Result(random.nextInt(step), "r")
          : random.nextBoolean() ? slot : other;
    }
    List<Arg> inner = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      inner.add(randomArg(random, step, slot, other, depth - 1));
    }
    if (kind == 10) {
      return new Arg.Pointers(inner, "p");
    }
    List<Arg.Field> fields = new ArrayList<>();
    for (int i = 0; i < inner.size(); i++) {
      fields.add(new Arg.Field(8 * i, 8, inner.get(i)));
    }
    fields.add(new Arg.Field(8 * inner.size(), 4, slot));
    fields.add(new Arg.Field(8 * inner.size() + 4, 2, Arg.of(0xbeef)));
    fields.add(new Arg.Field(8 * inner.size() + 6, 1, Arg.of(-3)));
    return new Arg.Struct(8 * inner.size() + 8, fields, "s");
  }

  /** Reads an encoded plan as keeper.c's child does. */
  private static final class Decoded {
    final ByteBuffer m;
    final int stepCount;
    final int slotCount;
    final int data;

    Decoded(byte[] bytes) {
      m = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
      assertThat(m.getInt(0)).isEqualTo(PlanCodec.MAGIC);
      assertThat(m.getInt(32)).isEqualTo(bytes.length);
      stepCount = m.getInt(8);
      slotCount = m.getInt(12);
      data = m.getInt(28);
      assertThat(data % 8).isZero();
    }

    int step(int i) {
      return m.getInt(20) + PlanCodec.STEP * i;
    }

    void check(int i, Step step) {
      int at = step(i);
      applyFixups(at);
      int op = m.getShort(at);
      int number = m.getInt(at + 4);
      switch (step) {
        case Step.Call call -> {
          assertThat(op).isEqualTo(PlanCodec.OP_CALL);
          assertThat(number).isEqualTo(call.sys().number());
          Set<Errno> tolerated = EnumSet.noneOf(Errno.class);
          for (int t = 0; t < m.getShort(at + 2); t++) {
            tolerated.add(Errno.of(m.getShort(at + 16 + 2 * t)));
          }
          assertThat(tolerated).isEqualTo(call.tolerated());
          for (int a = 0; a < call.arguments().size(); a++) {
            checkArg(call.arguments().get(a), m.get(at + 8 + a), m.getLong(at + 32 + 8 * a));
          }
        }
        case Step.Give give -> {
          assertThat(op).isEqualTo(PlanCodec.OP_GIVE);
          assertThat(number).isEqualTo(give.tag());
          checkArg(give.descriptor(), m.get(at + 8), m.getLong(at + 32));
        }
        case Step.Fail fail -> {
          assertThat(op).isEqualTo(PlanCodec.OP_FAIL);
          assertThat(number).isEqualTo(fail.errno().number());
        }
        case Step.Clone clone -> {
          assertThat(op).isEqualTo(PlanCodec.OP_CLONE);
          assertThat(number).isEqualTo(clone.flags());
        }
        case Step.Wait _ -> assertThat(op).isEqualTo(PlanCodec.OP_WAIT);
        case Step.Init _ -> assertThat(op).isEqualTo(PlanCodec.OP_INIT);
      }
    }

    /** Stores what stands for a slot, result or pointer, marked in its upper bits. */
    void applyFixups(int at) {
      int first = m.getInt(24 + at);
      for (int f = first; f < first + m.getInt(28 + at); f++) {
        int fixup = m.getInt(24) + PlanCodec.FIXUP * f;
        long v = m.getLong(fixup + 8);
        ByteBuffer marked = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder());
        marked.putLong(v | (long) m.getShort(fixup + 6) << 24);
        m.put(data + m.getInt(fixup), marked.array(), 0, m.getShort(fixup + 4));
      }
    }

    void checkArg(Arg arg, int kind, long v) {
      switch (arg) {
        case Arg.Value(long value, _) -> {
          assertThat(kind).isEqualTo(PlanCodec.KIND_VALUE);
          assertThat(v).isEqualTo(value);
        }
        case Arg.Slot(int index, _) -> {
          assertThat(kind).isEqualTo(PlanCodec.KIND_SLOT);
          assertThat(v).isEqualTo(index);
        }
        case Arg.Result(int step, _) -> {
          assertThat(kind).isEqualTo(PlanCodec.KIND_RESULT);
          assertThat(v).isEqualTo(step);
        }
        default -> {
          assertThat(kind).isEqualTo(PlanCodec.KIND_POINTER);
          checkMemory(arg, data + (int) v);
        }
      }
    }

    private void checkMemory(Arg arg, int at) {
      switch (arg) {
        case Arg.Text(String text) -> {
          byte[] expected = Arrays.copyOf(text.getBytes(UTF_8), text.getBytes(UTF_8).length + 1);
          assertThat(bytes(at, expected.length)).isEqualTo(expected);
        }
        case Arg.Bytes(byte[] bytes, _) -> assertThat(bytes(at, bytes.length)).isEqualTo(bytes);
        case Arg.Struct(_, List<Arg.Field> fields, _) -> {
          assertThat((at - data) % 8).isZero();
          for (Arg.Field f : fields) {
            checkStored(f.value(), f.width(), at + f.offset());
          }
        }
        case Arg.Pointers(List<Arg> elements, _) -> {
          for (int i = 0; i < elements.size(); i++) {
            checkStored(elements.get(i), 8, at + 8 * i);
          }
          assertThat(m.getLong(at + 8 * elements.size())).isZero();
        }
        default -> throw new AssertionError(arg);
      }
    }

    private void checkStored(Arg arg, int width, int at) {
      ByteBuffer wide = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder());
      wide.put(0, bytes(at, width));
      long v = wide.getLong(0);
      if (arg instanceof Arg.Value(long value, _)) {
        long mask = width == 8 ? -1 : (1L << (8 * width)) - 1;
        assertThat(v).isEqualTo(value & mask);
      } else {
        checkArg(arg, (int) (v >> 24), v & 0xffffff);
      }
    }

    private byte[] bytes(int at, int length) {
      byte[] out = new byte[length];
      m.get(at, out);
      return out;
    }
  }

  @Test
  void equalTextsShareTheirMemory() {
    PlanBuilder once = new PlanBuilder();
    once.call("c", Sys.CHDIR, Arg.of("/a/long/path"));
    PlanBuilder twice = new PlanBuilder();
    twice.call("c", Sys.CHDIR, Arg.of("/a/long/path"));
    twice.call("c", Sys.CHDIR, Arg.of("/a/long/path"));
    assertThat(PlanCodec.encode(twice.build()).length - PlanCodec.encode(once.build()).length)
        .isEqualTo(PlanCodec.STEP);
  }

  @Test
  void mistakesAreNamed() {
    assertThatThrownBy(() -> encode(new Arg.Result(0, "later")))
        .hasMessage("step 0 (purpose): the result of step 0 is not known yet");
    assertThatThrownBy(() -> encode(new Arg.Slot(3, "x"))).hasMessageContaining("slot 3 (x)");
    assertThatThrownBy(() -> encode(Arg.of("a\0b"))).hasMessageContaining("NUL");
    assertThatThrownBy(() -> encode(struct(4, 4, Arg.of(1)))).hasMessageContaining("at 4 of 4");
    assertThatThrownBy(() -> encode(struct(0, 2, Arg.of(70000))))
        .hasMessageContaining("70000 in 2 bytes");
    assertThatThrownBy(() -> encode(struct(0, 4, Arg.of("pointer"))))
        .hasMessageContaining("a pointer in 4 bytes");
    assertThatThrownBy(() -> encode(struct(0, 3, Arg.of(1)))).hasMessageContaining("3 bytes wide");
  }

  private static Arg struct(int offset, int width, Arg value) {
    return new Arg.Struct(4, List.of(new Arg.Field(offset, width, value)), "s");
  }

  private static byte[] encode(Arg arg) {
    PlanBuilder plan = new PlanBuilder();
    plan.call("purpose", Sys.CHDIR, arg);
    return PlanCodec.encode(plan.build());
  }
}
