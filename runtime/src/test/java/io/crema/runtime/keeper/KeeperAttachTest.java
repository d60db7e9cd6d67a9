package io.crema.runtime.keeper;

import static io.crema.runtime.keeper.KeeperRig.get;
import static io.crema.runtime.keeper.KeeperRig.shell;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.crema.runtime.launch.Arg;
import io.crema.runtime.launch.LaunchPlan;
import io.crema.runtime.launch.PlanBuilder;
import io.crema.runtime.launch.Step;
import io.crema.runtime.linux.Descriptors;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Sys;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients attached to containers' streams, and terminals. */
@Timeout(60)
@SuppressWarnings("try") // ends are closed early on purpose
class KeeperAttachTest {
  private static final Descriptors FDS = Descriptors.linux();

  @TempDir Path directory;
  KeeperRig rig;

  @BeforeEach
  void start() throws IOException {
    rig = new KeeperRig(directory);
  }

  @AfterEach
  void stop() throws IOException {
    rig.close();
  }

  private static String readAll(Fd fd) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] buffer = new byte[65536];
    for (int n; (n = FDS.read(fd, buffer, 0, buffer.length)) > 0; ) {
      out.write(buffer, 0, n);
    }
    return out.toString(UTF_8);
  }

  private static void readUntil(Fd fd, String text) throws IOException {
    StringBuilder seen = new StringBuilder();
    byte[] buffer = new byte[4096];
    while (seen.indexOf(text) < 0) {
      int n = FDS.read(fd, buffer, 0, buffer.length);
      assertThat(n).as("end after " + seen).isPositive();
      seen.append(new String(buffer, 0, n, UTF_8));
    }
  }

  private void launch(String script, boolean once, Fd log) throws Exception {
    get(
        rig.keeper.launch(
            LaunchRequest.builder(1, "c", shell(script))
                .stdio(new Stdio.Piped(once), Stdio.LOGGED, Stdio.LOGGED)
                .log(log)
                .build()));
  }

  @Test
  void inputAndBothOutputsPassAndTheLogGetsThemToo() throws Exception {
    Descriptors.Pipe in = FDS.pipe("in", 0);
    Descriptors.Pipe out = FDS.pipe("out", 0);
    Descriptors.Pipe err = FDS.pipe("err", 0);
    try (in;
        out;
        err;
        Fd log = rig.openLog()) {
      launch("while read x; do echo out $x; echo err $x >&2; done; exit 4", true, log);
      get(rig.keeper.attach(1, in.readEnd(), out.writeEnd(), err.writeEnd()));
      in.readEnd().close();
      out.writeEnd().close();
      err.writeEnd().close();
      FDS.writeAll(in.writeEnd(), "one\ntwo\n".getBytes(UTF_8));
      in.writeEnd().close(); // stdin_once: ends the container's input
      assertThat(readAll(out.readEnd())).isEqualTo("out one\nout two\n");
      assertThat(readAll(err.readEnd())).isEqualTo("err one\nerr two\n");
      assertThat(rig.exit().code()).isEqualTo(4);
      assertThat(rig.log()).hasSize(4);
    }
  }

  @Test
  void aSlowClientSlowsTheContainerAndLosesNothing() throws Exception {
    Descriptors.Pipe out = FDS.pipe("out", 0);
    Descriptors.Pipe go = FDS.pipe("in", 0);
    try (out;
        go;
        Fd log = rig.openLog()) {
      launch("read go; seq 1 200000; touch " + directory + "/done; read more", false, log);
      long attachment = get(rig.keeper.attach(1, go.readEnd(), out.writeEnd(), null));
      out.writeEnd().close();
      FDS.writeAll(go.writeEnd(), "go\n".getBytes(UTF_8));
      // 1.3 MB wait for this reader: pipes and the keeper hold a fraction, so the container waits.
      byte[] first = new byte[7];
      assertThat(FDS.read(out.readEnd(), first, 0, 7)).isPositive();
      for (int i = 0; i < 1000; i++) {
        get(rig.keeper.ping());
      }
      assertThat(directory.resolve("done")).doesNotExist();
      StringBuilder all = new StringBuilder(new String(first, UTF_8));
      byte[] buffer = new byte[65536];
      while (!all.toString().endsWith("200000\n")) {
        int n = FDS.read(out.readEnd(), buffer, 0, buffer.length);
        all.append(new String(buffer, 0, n, UTF_8));
      }
      assertThat(all.toString().lines().count()).isEqualTo(200000);
      get(rig.keeper.detach(1, attachment));
      get(rig.keeper.detach(1, attachment));
      get(rig.keeper.closeStdin(1));
      rig.exit();
      assertThat(rig.log()).hasSize(200000);
    }
  }

  @Test
  void aClientThatVanishesHurtsNobody() throws Exception {
    Descriptors.Pipe stuck = FDS.pipe("stuck", 0);
    Descriptors.Pipe out = FDS.pipe("out", 0);
    Descriptors.Pipe go = FDS.pipe("in", 0);
    try (stuck;
        out;
        go;
        Fd log = rig.openLog()) {
      launch("read go; seq 1 100000", false, log);
      get(rig.keeper.attach(1, null, stuck.writeEnd(), null));
      get(rig.keeper.attach(1, go.readEnd(), out.writeEnd(), null));
      out.close();
      stuck.writeEnd().close();
      FDS.writeAll(go.writeEnd(), "go\n".getBytes(UTF_8));
      byte[] first = new byte[10];
      FDS.read(stuck.readEnd(), first, 0, 10);
      stuck.readEnd().close();
      assertThat(rig.exit().code()).isZero();
      assertThat(rig.log()).hasSize(100000);
    }
  }

  @Test
  void outputThatASlowClientHasNotReadIsDeliveredAfterTheExit() throws Exception {
    Descriptors.Pipe out = FDS.pipe("out", 0);
    Descriptors.Pipe go = FDS.pipe("in", 0);
    try (out;
        go;
        Fd log = rig.openLog()) {
      launch("read go; seq 1 20000", false, log); // 108 KB: more than the client's pipe
      get(rig.keeper.attach(1, go.readEnd(), out.writeEnd(), null));
      out.writeEnd().close();
      FDS.writeAll(go.writeEnd(), "go\n".getBytes(UTF_8));
      rig.exit();
      assertThat(rig.log()).hasSize(20000);
      get(rig.keeper.forget(1));
      assertThat(readAll(out.readEnd()).lines().count()).isEqualTo(20000);
      while (!get(rig.keeper.list()).isEmpty()) {
        get(rig.keeper.ping());
      }
    }
  }

  @Test
  void largeInputPassesWithBackpressure() throws Exception {
    Descriptors.Pipe in = FDS.pipe("in", 0);
    try (in;
        Fd log = rig.openLog()) {
      launch("sleep 0.1; wc -c", true, log);
      get(rig.keeper.attach(1, in.readEnd(), null, null));
      in.readEnd().close();
      FDS.writeAll(in.writeEnd(), new byte[5_000_000]);
      in.writeEnd().close();
      rig.exit();
      assertThat(rig.log()).singleElement().asString().endsWith(" 5000000");
    }
  }

  private static final long TIOCSPTLCK = 0x40045431L;
  private static final long TIOCGPTPEER = 0x5441L;
  private static final long TIOCSCTTY = 0x540EL;

  private static LaunchPlan terminalPlan(String script) {
    PlanBuilder plan = new PlanBuilder();
    plan.call("setsid", Sys.SETSID);
    Arg.Result master =
        plan.call(
            "open a terminal", Sys.OPENAT, Arg.of(-100), Arg.of("/dev/ptmx"), Arg.of(02 | 0400));
    Arg unlock = new Arg.Struct(4, java.util.List.of(), "unlock");
    plan.call("unlock", Sys.IOCTL, master, Arg.of(TIOCSPTLCK), unlock);
    Arg.Result slave = plan.call("other end", Sys.IOCTL, master, Arg.of(TIOCGPTPEER), Arg.of(2));
    plan.add(new Step.Give("give the terminal", Step.Give.TERMINAL, master));
    for (int fd = 0; fd < 3; fd++) {
      plan.call("dup", Sys.DUP3, slave, Arg.of(fd), Arg.of(0));
    }
    plan.call("controlling terminal", Sys.IOCTL, Arg.of(0), Arg.of(TIOCSCTTY), Arg.of(0));
    KeeperRig.exec(plan, "/bin/sh", "-c", script);
    return plan.build();
  }

  @Test
  void aTerminalIsLoggedAttachedAndResized() throws Exception {
    Descriptors.Pipe in = FDS.pipe("in", 0);
    Descriptors.Pipe out = FDS.pipe("out", 0);
    try (in;
        out;
        Fd log = rig.openLog()) {
      String script = "test -t 0 && test -t 2 && echo ready; read x; stty size; echo bye >&2";
      get(
          rig.keeper.launch(
              LaunchRequest.builder(1, "c", terminalPlan(script))
                  .terminal(new Stdio.Terminal(false, false))
                  .log(log)
                  .build()));
      while (Files.size(rig.logFile()) == 0) {
        get(rig.keeper.ping());
      }
      get(rig.keeper.attach(1, in.readEnd(), out.writeEnd(), null));
      out.writeEnd().close();
      get(rig.keeper.resize(1, 123, 45));
      FDS.writeAll(in.writeEnd(), "go\n".getBytes(UTF_8));
      readUntil(out.readEnd(), "45 123\r\nbye\r\n");
      assertThat(rig.exit().code()).isZero();
      assertThat(rig.log())
          .satisfiesExactly(
              l -> assertThat(l).endsWith(" stdout F ready"),
              l -> assertThat(l).endsWith(" stdout F go"),
              l -> assertThat(l).endsWith(" stdout F 45 123"),
              l -> assertThat(l).endsWith(" stdout F bye"));
    }
  }

  @Test
  void aTerminalCanGoToTheCaller() throws Exception {
    Launched launched =
        get(
            rig.keeper.launch(
                LaunchRequest.builder(1, "c", terminalPlan("read x; echo got $x"))
                    .terminal(new Stdio.Terminal(true, false))
                    .build()));
    try (Fd terminal = requireNonNull(launched.terminal())) {
      FDS.writeAll(terminal, "hey\n".getBytes(UTF_8));
      readUntil(terminal, "got hey\r\n");
      assertThat(rig.exit().code()).isZero();
    }
  }

  @Test
  void manyClientsAtOnceAllSeeTheOutput() throws Exception {
    Descriptors.Pipe go = FDS.pipe("in", 0);
    try (go;
        Fd log = rig.openLog()) {
      launch("read go; seq 1 10000", false, log);
      AtomicInteger complete = new AtomicInteger();
      Thread[] readers = new Thread[20];
      for (int i = 0; i < readers.length; i++) {
        Descriptors.Pipe out = FDS.pipe("out", 0);
        get(rig.keeper.attach(1, null, out.writeEnd(), null));
        out.writeEnd().close();
        readers[i] =
            Thread.ofPlatform()
                .start(
                    () -> {
                      try (Fd end = out.readEnd()) {
                        if (readAll(end).lines().count() == 10000) {
                          complete.incrementAndGet();
                        }
                      } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                      }
                    });
      }
      get(rig.keeper.attach(1, go.readEnd(), null, null));
      FDS.writeAll(go.writeEnd(), "go\n".getBytes(UTF_8));
      for (Thread reader : readers) {
        reader.join();
      }
      assertThat(complete).hasValue(20);
      rig.exit();
    }
  }
}
