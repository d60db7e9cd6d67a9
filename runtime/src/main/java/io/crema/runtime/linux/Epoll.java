package io.crema.runtime.linux;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** An epoll(7) instance; {@link #await} blocks its thread, which must be a platform thread. */
public final class Epoll implements AutoCloseable {
  public static final int IN = 1;
  public static final int PRI = 2;
  public static final int OUT = 4;
  public static final int ERR = 8;
  public static final int HUP = 0x10;
  public static final int RDHUP = 0x2000;
  public static final int ONESHOT = 1 << 30;
  public static final int EDGE = 1 << 31;

  private static final int ADD = 1;
  private static final int DELETE = 2;
  private static final int MODIFY = 3;

  /** Readiness of the descriptor that was added with {@code token}. */
  public record Event(int events, long token) {}

  private final Fd fd;

  private Epoll(Fd fd) {
    this.fd = fd;
  }

  /** A new instance. */
  public static Epoll open() throws ErrnoException {
    return new Epoll(
        Fd.own(
            Calls.check(
                Sys.EPOLL_CREATE1,
                () -> "EPOLL_CLOEXEC",
                () ->
                    Libc.syscall(
                        Sys.EPOLL_CREATE1.number(), (long) Descriptors.O_CLOEXEC, 0L, 0, 0, 0, 0)),
            "epoll"));
  }

  /** struct epoll_event is packed on x86_64 only (linux/eventpoll.h). */
  private static int dataOffset() {
    return Arch.current() == Arch.X86_64 ? 4 : 8;
  }

  private static int eventSize() {
    return dataOffset() + 8;
  }

  private void control(int operation, Fd target, int events, long token) throws ErrnoException {
    ByteBuffer event = Libc.struct(eventSize());
    event.putInt(0, events).putLong(dataOffset(), token);
    Calls.check(
        Sys.EPOLL_CTL,
        () -> operation + ", " + target,
        () ->
            Libc.syscall(
                Sys.EPOLL_CTL.number(),
                fd.number(),
                operation,
                target.number(),
                event.array(),
                0,
                0));
  }

  public void add(Fd target, int events, long token) throws ErrnoException {
    control(ADD, target, events, token);
  }

  public void modify(Fd target, int events, long token) throws ErrnoException {
    control(MODIFY, target, events, token);
  }

  public void remove(Fd target) throws ErrnoException {
    control(DELETE, target, 0, 0);
  }

  /** Waits for events; {@code timeoutMillis} of -1 waits without end. */
  public List<Event> await(int max, int timeoutMillis) throws ErrnoException {
    ByteBuffer events = Libc.struct(eventSize() * max);
    long n =
        Calls.check(
            Sys.EPOLL_PWAIT,
            fd::toString,
            () ->
                Libc.syscall(
                    Sys.EPOLL_PWAIT.number(),
                    fd.number(),
                    events.array(),
                    max,
                    timeoutMillis,
                    0L,
                    8));
    List<Event> out = new ArrayList<>((int) n);
    for (int i = 0; i < n; i++) {
      int at = i * eventSize();
      out.add(new Event(events.getInt(at), events.getLong(at + dataOffset())));
    }
    return out;
  }

  @Override
  public void close() {
    fd.close();
  }
}
