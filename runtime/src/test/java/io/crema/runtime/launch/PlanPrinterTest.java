package io.crema.runtime.launch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.Sys;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PlanPrinterTest {
  @Test
  void aPlanReadsLikeAnStrace() {
    PlanBuilder plan = new PlanBuilder();
    Arg.Result root =
        plan.call(
            "open the root",
            Sys.OPENAT,
            Arg.of(-100, "AT_FDCWD"),
            Arg.of("/run/a \"b\"\n"),
            Arg.of(0x200000));
    plan.call(
        "make /data read-only",
        Sys.MOUNT_SETATTR,
        root,
        Arg.of(""),
        Arg.of(0x1000, "AT_EMPTY_PATH"),
        new Arg.Struct(
            32,
            List.of(
                new Arg.Field(0, 8, Arg.of(1, "MOUNT_ATTR_RDONLY")),
                new Arg.Field(8, 8, Arg.of(0))),
            "mount_attr"),
        Arg.of(32));
    plan.call("leave", Sys.FCHDIR, Set.of(Errno.ENOENT, Errno.EPERM), plan.slot("rootfs"));
    plan.call("load", Sys.WRITE, Arg.of(1), new Arg.Bytes("xyz".getBytes(UTF_8), ""), Arg.of(3));
    plan.add(new Step.Give("give the terminal", Step.Give.TERMINAL, root));
    plan.add(new Step.Wait("wait for the start"));
    plan.add(new Step.Fail("no way", Errno.ENOSYS));
    plan.add(new Step.Init("reap"));
    plan.call(
        "exec /bin/sh",
        Sys.EXECVE,
        Arg.of("/bin/sh"),
        new Arg.Pointers(List.of(Arg.of("sh"), Arg.of("-c")), "argv"),
        new Arg.Pointers(List.of(), "environment"));
    assertThat(PlanPrinter.lines(plan.build()))
        .containsExactly(
            "0  openat(AT_FDCWD, \"/run/a \\\"b\\\"\\n\", 0x200000)  — open the root",
            "1  mount_setattr($0, \"\", AT_EMPTY_PATH, {mount_attr: MOUNT_ATTR_RDONLY}, 32)"
                + "  — make /data read-only",
            "2  fchdir(<rootfs>) or EPERM|ENOENT  — leave",
            "3  write(1, {78797a}, 3)  — load",
            "4  give(TERMINAL, $0)  — give the terminal",
            "5  wait  — wait for the start",
            "6  fail(ENOSYS)  — no way",
            "7  init  — reap",
            "8  execve(\"/bin/sh\", [\"sh\", \"-c\"], [])  — exec /bin/sh");
  }
}
