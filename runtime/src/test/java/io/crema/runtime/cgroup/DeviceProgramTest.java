package io.crema.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The device program, run by an interpreter of the few instructions that it uses. */
class DeviceProgramTest {
  private static final List<DeviceRule.Type> KINDS =
      List.of(DeviceRule.Type.ALL, DeviceRule.Type.CHARACTER, DeviceRule.Type.BLOCK);
  private static final int M = DeviceAccess.MKNOD;
  private static final int R = DeviceAccess.READ;
  private static final int W = DeviceAccess.WRITE;

  /** Whether {@code program} lets {@code access} happen. */
  private static boolean allows(
      byte[] program, DeviceRule.Type type, int access, int major, int minor) {
    // struct bpf_cgroup_dev_ctx: access_type, major, minor
    ByteBuffer context = ByteBuffer.allocate(12).order(ByteOrder.nativeOrder());
    context
        .putInt(access << 16 | (type == DeviceRule.Type.BLOCK ? 1 : 2))
        .putInt(major)
        .putInt(minor);
    ByteBuffer code = ByteBuffer.wrap(program).order(ByteOrder.nativeOrder());
    long[] registers = new long[10];
    for (int at = 0, steps = 0; ; at++, steps++) {
      assertThat(steps).as("ends").isLessThan(10_000);
      int op = code.get(at * 8) & 0xff;
      int to = code.get(at * 8 + 1) & 0xf;
      int from = (code.get(at * 8 + 1) & 0xff) >> 4;
      int offset = code.getShort(at * 8 + 2);
      int immediate = code.getInt(at * 8 + 4);
      switch (op) {
        case DeviceProgram.LOAD_WORD -> {
          assertThat(from).as("only the context is read").isEqualTo(1);
          registers[to] = Integer.toUnsignedLong(context.getInt(offset));
        }
        case DeviceProgram.MOVE -> registers[to] = registers[from] & 0xffffffffL;
        case DeviceProgram.MOVE_IMMEDIATE -> registers[to] = immediate & 0xffffffffL;
        case DeviceProgram.AND -> registers[to] = registers[to] & immediate & 0xffffffffL;
        case DeviceProgram.SHIFT_RIGHT ->
            registers[to] = (registers[to] & 0xffffffffL) >>> immediate;
        case DeviceProgram.JUMP_IF_NOT -> at += registers[to] != immediate ? offset : 0;
        case DeviceProgram.JUMP_IF -> at += registers[to] == immediate ? offset : 0;
        case DeviceProgram.EXIT -> {
          return registers[0] == 1;
        }
        default -> throw new AssertionError("instruction " + Integer.toHexString(op));
      }
    }
  }

  private static byte[] program(List<DeviceRule> rules) {
    return DeviceProgram.of(DeviceAccess.of(rules));
  }

  private static DeviceRule deny(
      DeviceRule.Type type, @Nullable Integer major, @Nullable Integer minor, String access) {
    return new DeviceRule(false, type, major, minor, access);
  }

  @ParameterizedTest
  @CsvSource({
    "c, 1, 3, 6, true", // read and write null
    "c, 1, 3, 7, true",
    "c, 5, 2, 6, true", // ptmx
    "c, 136, 77, 6, true", // any pts
    "c, 1, 1, 2, false", // mem
    "c, 10, 229, 6, false", // fuse
    "b, 8, 0, 2, false", // a disk
    "b, 8, 0, 1, true", // mknod alone opens nothing
    "c, 10, 229, 1, true",
    "c, 10, 229, 3, false", // mknod and read: the read is refused
  })
  void aContainerHasTheUsualDevicesAndMayMakeNodesOfAll(
      String type, int major, int minor, int access, boolean allowed) {
    byte[] program = program(DeviceRule.DEFAULT);
    DeviceRule.Type t = type.equals("b") ? DeviceRule.Type.BLOCK : DeviceRule.Type.CHARACTER;
    assertThat(allows(program, t, access, major, minor)).isEqualTo(allowed);
  }

  @Test
  void aPrivilegedContainerHasAll() {
    byte[] program = program(DeviceRule.EVERYTHING);
    assertThat(allows(program, DeviceRule.Type.BLOCK, R | W | M, 8, 0)).isTrue();
    assertThat(program).hasSize(8 * 8);
  }

  @Test
  void theLastRuleForANodeCounts() {
    List<DeviceRule> rules = new ArrayList<>(DeviceRule.DEFAULT);
    rules.add(DeviceRule.allow(DeviceRule.Type.BLOCK, 8, 1, "rw"));
    rules.add(deny(DeviceRule.Type.BLOCK, 8, 1, "w"));
    byte[] program = program(rules);
    assertThat(allows(program, DeviceRule.Type.BLOCK, R, 8, 1)).isTrue();
    assertThat(allows(program, DeviceRule.Type.BLOCK, W, 8, 1)).isFalse();
    assertThat(allows(program, DeviceRule.Type.BLOCK, R | W, 8, 1)).isFalse();
    assertThat(allows(program, DeviceRule.Type.BLOCK, R, 8, 2)).isFalse();
  }

  @Test
  void aRuleForAllDevicesClearsWhatCameBefore() {
    List<DeviceRule> rules =
        List.of(
            DeviceRule.allow(DeviceRule.Type.BLOCK, 8, 1, "rw"),
            deny(DeviceRule.Type.ALL, null, null, "rwm"),
            DeviceRule.allow(DeviceRule.Type.CHARACTER, 1, null, "r"));
    byte[] program = program(rules);
    assertThat(allows(program, DeviceRule.Type.BLOCK, R, 8, 1)).isFalse();
    assertThat(allows(program, DeviceRule.Type.CHARACTER, R, 1, 99)).isTrue();
    assertThat(allows(program, DeviceRule.Type.CHARACTER, R | W, 1, 99)).isFalse();
  }

  @Test
  void whereAllIsAllowedOneDenialOfSeveralAccessesIsEnough() {
    byte[] program =
        program(
            List.of(
                DeviceRule.allow(DeviceRule.Type.ALL, null, null, "rwm"),
                deny(DeviceRule.Type.BLOCK, 8, null, "w")));
    assertThat(allows(program, DeviceRule.Type.BLOCK, R, 8, 3)).isTrue();
    assertThat(allows(program, DeviceRule.Type.BLOCK, R | W, 8, 3)).isFalse();
    assertThat(allows(program, DeviceRule.Type.BLOCK, W, 9, 3)).isTrue();
    assertThat(allows(program, DeviceRule.Type.CHARACTER, W, 8, 3)).isTrue();
  }

  /** What the v1 controller does with the same rules (security/device_cgroup.c). */
  private static boolean model(
      DeviceAccess rules, DeviceRule.Type type, int access, int major, int minor) {
    boolean excepted = false;
    for (var e : rules.exceptions().entrySet()) {
      DeviceAccess.Node n = e.getKey();
      boolean matches =
          n.type() == type
              && (n.major() == null || n.major() == major)
              && (n.minor() == null || n.minor() == minor);
      excepted |=
          matches
              && (rules.allowByDefault()
                  ? (access & e.getValue()) != 0
                  : (access & ~e.getValue()) == 0);
    }
    return excepted != rules.allowByDefault();
  }

  @Test
  void anyRulesMeanTheSameToTheProgramAndToTheV1Controller() {
    Random random = new Random(20261124);
    for (int round = 0; round < 2000; round++) {
      List<DeviceRule> rules = new ArrayList<>();
      for (int i = random.nextInt(8); i >= 0; i--) {
        String access = List.of("r", "w", "m", "rw", "rm", "wm", "rwm").get(random.nextInt(7));
        DeviceRule.Type type = KINDS.get(random.nextInt(3));
        boolean all = type == DeviceRule.Type.ALL;
        rules.add(
            new DeviceRule(
                random.nextBoolean(),
                type,
                all || random.nextBoolean() ? null : random.nextInt(3),
                all || random.nextBoolean() ? null : random.nextInt(3),
                access));
      }
      DeviceAccess access = DeviceAccess.of(rules);
      byte[] program = DeviceProgram.of(access);
      for (DeviceRule.Type type : List.of(DeviceRule.Type.BLOCK, DeviceRule.Type.CHARACTER)) {
        for (int wanted = 1; wanted < 8; wanted++) {
          int major = random.nextInt(3);
          int minor = random.nextInt(3);
          assertThat(allows(program, type, wanted, major, minor))
              .as("%s %s %d:%d of %s", type, wanted, major, minor, rules)
              .isEqualTo(model(access, type, wanted, major, minor));
        }
      }
    }
  }
}
