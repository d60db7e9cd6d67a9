package io.crema.runtime.keeper;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Libc;
import io.crema.runtime.linux.Sockets;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The messages between daemon and keeper: a head of 32 bytes, a payload, descriptors. The same
 * names and numbers stand in keeper.c ({@code struct head}); WireTest compares them.
 *
 * <pre>
 * 0 u32 type   4 u32 sequence   8 u64 launch   16 i32 a   20 i32 b   24 i64 c
 * </pre>
 *
 * Every request has one reply, of type {@code REPLY | request} and the same sequence; {@code a} is
 * 0 or an errno. Events have the sequence 0.
 */
final class Wire {
  static final int HEAD = 32;
  static final int MAX_MESSAGE = 16384;

  /** At most so many descriptors in one message (SCM_MAX_FD of the kernel is 253). */
  static final int MAX_FDS = 250;

  static final int LAUNCH = 1;
  static final int GO = 2;
  static final int KILL = 3;
  static final int REOPEN = 4;
  static final int ATTACH = 5;
  static final int DETACH = 6;
  static final int RESIZE = 7;
  static final int CLOSE_STDIN = 8;
  static final int LIST = 9;
  static final int FORGET = 10;
  static final int PING = 11;
  static final int HOLD = 12;
  static final int GET_HELD = 13;
  static final int SHUTDOWN = 14;
  static final int SPAWN = 32;
  static final int REPLY = 0x100;
  static final int EVENT_HELLO = 0x201;
  static final int EVENT_EXIT = 0x202;
  static final int EVENT_MISSED = 0x203;

  static final int LAUNCH_WAITING = 1;
  static final int LAUNCH_EPHEMERAL = 2;
  static final int LAUNCH_TERMINAL = 4;
  static final int LAUNCH_TERMINAL_TO_CALLER = 8;
  static final int LAUNCH_STDIN_ONCE = 16;

  static final int STDIO_NULL = 0;
  static final int STDIO_PIPE = 1;
  static final int STDIO_NONE = 2;

  static final int SLOT_STDIN = 253;
  static final int SLOT_STDOUT = 254;
  static final int SLOT_STDERR = 255;

  static final int STEP_NONE = -1;
  static final int STEP_ENDED = -2;

  static final int ATTACH_STDIN = 1;
  static final int ATTACH_STDOUT = 2;
  static final int ATTACH_STDERR = 4;

  static final int STATE_WAITING = 1;
  static final int STATE_STARTING = 2;
  static final int STATE_RUNNING = 3;
  static final int STATE_EXITED = 4;
  static final int STATE_FAILED = 5;

  static final int LIST_ENTRY = 120;
  static final int NAME = 64;

  private Wire() {}

  /** A request ready to be sent, but for its sequence. */
  record Request(ByteBuffer bytes, List<Fd> fds) {}

  /** A received message; the receiver owns its descriptors. */
  record Incoming(
      int type, int sequence, long launch, int a, int b, long c, ByteBuffer payload, List<Fd> fds) {
    static @Nullable Incoming of(Sockets.Message message) {
      if (message.bytes().length < HEAD || message.truncated()) {
        return null;
      }
      ByteBuffer m = ByteBuffer.wrap(message.bytes()).order(ByteOrder.nativeOrder());
      return new Incoming(
          m.getInt(0),
          m.getInt(4),
          m.getLong(8),
          m.getInt(16),
          m.getInt(20),
          m.getLong(24),
          m.slice(HEAD, message.bytes().length - HEAD).order(ByteOrder.nativeOrder()),
          message.fds());
    }
  }

  static ByteBuffer head(int type, long launch, int a, int b, long c, int payload) {
    return Libc.struct(HEAD + payload)
        .putInt(0, type)
        .putLong(8, launch)
        .putInt(16, a)
        .putInt(20, b)
        .putLong(24, c)
        .position(HEAD);
  }

  static Request request(int type, long launch, int a, int b) {
    return new Request(head(type, launch, a, b, 0, 0), List.of());
  }

  /**
   * LAUNCH: u64 clone flags, u32 flags, u8 stdio[3], u8 length of the name, i16 index of log,
   * cgroup and pid namespace (or -1), u16 slots, the name (64 bytes), u8 source of each slot.
   */
  static Request launch(LaunchRequest r, Fd plan) {
    List<Fd> fds = new ArrayList<>();
    fds.add(plan);
    int log = index(fds, r.log());
    int cgroup = index(fds, r.cgroup());
    int pidNamespace = index(fds, r.pidNamespace());
    List<String> slots = r.plan().slots();
    byte[] sources = new byte[slots.size()];
    for (int i = 0; i < sources.length; i++) {
      sources[i] = (byte) source(r, slots.get(i), fds);
    }
    if (fds.size() > MAX_FDS) {
      throw new IllegalArgumentException(
          r.name() + ": " + fds.size() + " descriptors; at most " + MAX_FDS + " fit a message");
    }
    byte[] name = r.name().getBytes(StandardCharsets.US_ASCII);
    ByteBuffer m = head(LAUNCH, r.id(), 0, 0, 0, 24 + NAME + sources.length);
    m.putLong(r.cloneFlags()).putInt(flags(r));
    m.put((byte) kind(r.stdin())).put((byte) kind(r.stdout())).put((byte) kind(r.stderr()));
    m.put((byte) name.length);
    m.putShort((short) log).putShort((short) cgroup).putShort((short) pidNamespace);
    m.putShort((short) sources.length);
    m.put(name).position(HEAD + 24 + NAME).put(sources);
    return new Request(m, fds);
  }

  private static int index(List<Fd> fds, @Nullable Fd fd) {
    if (fd == null) {
      return -1;
    }
    fds.add(fd);
    return fds.size() - 1;
  }

  private static int source(LaunchRequest r, String slot, List<Fd> fds) {
    return switch (slot) {
      case "stdin" -> stdio(r.stdin(), SLOT_STDIN, fds);
      case "stdout" -> stdio(r.stdout(), SLOT_STDOUT, fds);
      case "stderr" -> stdio(r.stderr(), SLOT_STDERR, fds);
      default -> index(fds, r.slots().get(slot));
    };
  }

  private static int stdio(Stdio stdio, int slot, List<Fd> fds) {
    return switch (stdio) {
      case Stdio.DevNull _, Stdio.Logged _, Stdio.Piped _ -> slot;
      case Stdio.Given(Fd fd) -> index(fds, fd);
      case Stdio.Terminal _ ->
          throw new IllegalArgumentException(
              "a plan with a terminal has no slots for standard streams");
    };
  }

  private static int kind(Stdio stdio) {
    return switch (stdio) {
      case Stdio.DevNull _ -> STDIO_NULL;
      case Stdio.Logged _, Stdio.Piped _ -> STDIO_PIPE;
      case Stdio.Given _, Stdio.Terminal _ -> STDIO_NONE;
    };
  }

  private static int flags(LaunchRequest r) {
    int flags = (r.waiting() ? LAUNCH_WAITING : 0) | (r.ephemeral() ? LAUNCH_EPHEMERAL : 0);
    return flags
        | switch (r.stdin()) {
          case Stdio.Terminal(boolean toCaller, boolean once) ->
              LAUNCH_TERMINAL
                  | (toCaller ? LAUNCH_TERMINAL_TO_CALLER : 0)
                  | (once ? LAUNCH_STDIN_ONCE : 0);
          case Stdio.Piped(boolean once) -> once ? LAUNCH_STDIN_ONCE : 0;
          case Stdio.DevNull _, Stdio.Logged _, Stdio.Given _ -> 0;
        };
  }

  /**
   * One entry of LIST: u64 id, i32 pid, i32 state, i32 wait status, i32 failed step, i32 errno, i32
   * length of the name, i64 started, exited (ns, 0 when not), dropped log bytes, the name (64).
   */
  static LaunchInfo entry(ByteBuffer m, int at) {
    byte[] name = new byte[Math.clamp(m.getInt(at + 28), 0, NAME)];
    m.get(at + 56, name);
    int errno = m.getInt(at + 24);
    return new LaunchInfo(
        m.getLong(at),
        new String(name, StandardCharsets.US_ASCII),
        m.getInt(at + 8),
        switch (m.getInt(at + 12)) {
          case STATE_WAITING -> LaunchInfo.State.WAITING;
          case STATE_STARTING -> LaunchInfo.State.STARTING;
          case STATE_RUNNING -> LaunchInfo.State.RUNNING;
          case STATE_EXITED -> LaunchInfo.State.EXITED;
          default -> LaunchInfo.State.FAILED;
        },
        m.getInt(at + 16),
        m.getInt(at + 20),
        errno == 0 ? null : Errno.of(errno),
        time(m.getLong(at + 32)),
        time(m.getLong(at + 40)),
        m.getLong(at + 48));
  }

  static @Nullable Instant time(long nanos) {
    return nanos == 0 ? null : instant(nanos);
  }

  static Instant instant(long nanos) {
    return Instant.ofEpochSecond(
        Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L));
  }
}
