package io.crema.runtime.keeper;

import static io.crema.runtime.keeper.KeeperRig.broken;
import static io.crema.runtime.keeper.KeeperRig.get;
import static io.crema.runtime.keeper.KeeperRig.plan;
import static io.crema.runtime.keeper.KeeperRig.shell;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.runtime.launch.Arg;
import io.crema.runtime.launch.LaunchPlan;
import io.crema.runtime.launch.PlanBuilder;
import io.crema.runtime.linux.Descriptors;
import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Processes;
import io.crema.runtime.linux.Sys;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The real keeper, with processes that are no containers; needs no root. */
@Timeout(60)
@SuppressWarnings("try") // ends are closed early on purpose
class KeeperTest {
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
    for (int n; (n = Descriptors.linux().read(fd, buffer, 0, buffer.length)) > 0; ) {
      out.write(buffer, 0, n);
    }
    return out.toString(UTF_8);
  }

  private String run(LaunchPlan plan) throws Exception {
    Descriptors.Pipe pipe = Descriptors.linux().pipe("out", 0);
    try (Fd read = pipe.readEnd()) {
      try (Fd write = pipe.writeEnd()) {
        get(
            rig.keeper.launch(
                LaunchRequest.builder(rig.id(), "run", plan)
                    .stdio(Stdio.DEV_NULL, new Stdio.Given(write), new Stdio.Given(write))
                    .ephemeral(true)
                    .build()));
      }
      return readAll(read);
    }
  }

  @Test
  void aProcessRunsWithGivenStdioAndItsExitIsAnnouncedAfterItIsJournalled() throws Exception {
    Descriptors.Pipe pipe = Descriptors.linux().pipe("out", 0);
    try (Fd read = pipe.readEnd();
        Fd write = pipe.writeEnd()) {
      Launched launched =
          get(
              rig.keeper.launch(
                  LaunchRequest.builder(7, "web", shell("echo hello; exit 3"))
                      .stdio(Stdio.DEV_NULL, new Stdio.Given(write), Stdio.DEV_NULL)
                      .build()));
      write.close();
      assertThat(launched.pid()).isPositive();
      assertThat(launched.startedAt()).isNotNull();
      assertThat(readAll(read)).isEqualTo("hello\n");
      Exit exit = rig.exit();
      assertThat(exit.launchId()).isEqualTo(7);
      assertThat(exit.code()).isEqualTo(3);
      assertThat(exit.pid()).isEqualTo(launched.pid());
      assertThat(Journal.read(directory))
          .containsExactly(
              new Journal.Started(7, "web", launched.pid(), requireNonNull(launched.startedAt())),
              new Journal.Exited(7, "web", exit));
      LaunchInfo info = get(rig.keeper.list()).getFirst();
      assertThat(info.state()).isEqualTo(LaunchInfo.State.EXITED);
      assertThat(info.exit()).isEqualTo(exit);
      get(rig.keeper.forget(7));
      assertThat(get(rig.keeper.list())).isEmpty();
    }
  }

  @Test
  void aFailedStepIsNamedAndLeavesNothing() throws Exception {
    assertThatThrownBy(() -> run(broken(false)))
        .hasCauseInstanceOf(LaunchException.class)
        .hasRootCauseMessage("enter /srv/x (volume data): No such file or directory (ENOENT)");
    assertThatThrownBy(() -> run(plan(false, "/no/such/program")))
        .hasRootCauseMessage("exec /no/such/program: No such file or directory (ENOENT)");
    assertThat(rig.exits.poll(50, TimeUnit.MILLISECONDS)).isNull();
    assertThat(get(rig.keeper.list())).isEmpty();
    assertThat(Journal.read(directory)).isEmpty();
  }

  @Test
  void aWaitingLaunchStartsWhenToldTo() throws Exception {
    try (Fd log = rig.openLog()) {
      LaunchRequest request =
          rig.logged(plan(true, "/bin/echo", "started"), log).waiting(true).build();
      Launched waiting = get(rig.keeper.launch(request));
      assertThat(waiting.startedAt()).isNull();
      assertThat(get(rig.keeper.list()).getFirst().state()).isEqualTo(LaunchInfo.State.WAITING);
      Launched started = get(rig.keeper.go(request.id()));
      assertThat(started.pid()).isEqualTo(waiting.pid());
      assertThat(rig.exit().code()).isZero();
      assertThat(rig.log()).singleElement().asString().endsWith(" stdout F started");
    }
  }

  @Test
  void aWaitingLaunchThatFailedAheadTellsSoAtItsStartAndIsNoExit() throws Exception {
    LaunchRequest request = rig.logged(broken(true), null).waiting(true).build();
    Launched waiting = get(rig.keeper.launch(request));
    while (Files.exists(Path.of("/proc/" + waiting.pid()))) {
      get(rig.keeper.ping());
    }
    assertThatThrownBy(() -> get(rig.keeper.go(request.id())))
        .hasRootCauseMessage("enter /srv/x (volume data): No such file or directory (ENOENT)");
    assertThat(rig.exits).isEmpty();
    assertThat(get(rig.keeper.list())).isEmpty();
  }

  @Test
  void aWaitingLaunchThatIsKilledSaysThatItEnded() throws Exception {
    LaunchRequest request = rig.logged(plan(true, "/bin/true"), null).waiting(true).build();
    get(rig.keeper.launch(request));
    get(rig.keeper.kill(request.id(), Processes.SIGKILL));
    assertThatThrownBy(() -> get(rig.keeper.go(request.id())))
        .hasRootCauseMessage(
            "start of launch 1: the process ended before execve, killed by signal 9");
    assertThat(rig.exits).isEmpty();
  }

  @Test
  void aSignalEndsAProcess() throws Exception {
    LaunchRequest request = rig.logged(plan(false, "/bin/sleep", "1000"), null).build();
    get(rig.keeper.launch(request));
    get(rig.keeper.kill(request.id(), Processes.SIGTERM));
    assertThat(rig.exit().code()).isEqualTo(128 + 15);
    assertThatThrownBy(() -> get(rig.keeper.kill(request.id(), Processes.SIGTERM)))
        .hasMessageContaining("ESRCH");
  }

  @Test
  void nothingOfTheKeeperLeaksIntoAProcess() throws Exception {
    get(rig.keeper.launch(rig.logged(shell("sleep 1000"), null).build()));
    assertThat(run(plan(false, "/bin/ls", "/proc/self/fd")).split("\n"))
        .containsExactly("0", "1", "2", "3"); // 3 is ls's own
    assertThat(run(shell("grep -E 'SigBlk|SigIgn' /proc/self/status; umask")))
        .isEqualTo("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n0022\n");
  }

  @Test
  void theKeeperShowsItsPodsDirectory() throws Exception {
    assertThat(Files.readString(Path.of("/proc/" + rig.keeper.pid() + "/cmdline")).trim())
        .startsWith("crema-keeper " + directory.toString().substring(0, 20));
    assertThat(Files.readString(Path.of("/proc/" + rig.keeper.pid() + "/comm")).trim())
        .isEqualTo("crema-keeper");
  }

  @Test
  void aKeeperOutlivesItsNurseryAndItsConnection() throws Exception {
    LaunchRequest request = rig.logged(shell("read x; exit 5"), null).build();
    LaunchRequest piped =
        LaunchRequest.builder(request.id(), "c", request.plan())
            .stdio(new Stdio.Piped(false), Stdio.LOGGED, Stdio.LOGGED)
            .build();
    get(rig.keeper.launch(piped));
    Path socket = directory.resolve("keeper.sock");
    assertThat(Files.getPosixFilePermissions(socket)).hasSize(2);
    try (KeeperLoop otherLoop = KeeperLoop.start();
        Nursery otherNursery = Nursery.start(otherLoop)) {
      Path second = Files.createDirectory(directory.resolve("second"));
      int pid;
      try (Keeper first = otherNursery.spawn(second, (_, _) -> {})) {
        pid = first.pid();
        get(first.launch(LaunchRequest.builder(1, "x", shell("exit 9")).build()));
      }
      otherNursery.close();
      var exits = new java.util.concurrent.LinkedBlockingQueue<Exit>();
      try (Keeper again = Keeper.connect(second, otherLoop, (_, e) -> exits.add(e))) {
        while (get(again.list()).getFirst().state() != LaunchInfo.State.EXITED) {
          get(again.ping());
        }
        assertThat(again.pid()).isEqualTo(pid);
        assertThat(get(again.list()).getFirst().exit().code()).isEqualTo(9);
        assertThat(Journal.exits(second)).containsKey(1L);
        get(again.shutdown());
        assertThat(again.onClose().toCompletableFuture().get(20, TimeUnit.SECONDS))
            .isEqualTo(new Closed.ShutDown());
      }
      assertThat(second.resolve("keeper.sock")).doesNotExist();
    }
    get(rig.keeper.closeStdin(request.id()));
    assertThat(rig.exit().code()).isEqualTo(5);
  }

  @Test
  void aSecondKeeperForTheSamePodIsRefused() {
    assertThatThrownBy(() -> rig.nursery.spawn(directory, (_, _) -> {}))
        .isInstanceOf(KeeperException.class)
        .hasMessageContaining("EBUSY");
  }

  @Test
  void aKeeperThatDiesIsToldAndPendingRequestsFail() throws Exception {
    try (Keeper keeper =
        rig.nursery.spawn(Files.createDirectory(directory.resolve("k")), (_, _) -> {})) {
      get(
          keeper.launch(
              LaunchRequest.builder(1, "x", plan(true, "/bin/true")).waiting(true).build()));
      Processes.linux().kill(keeper.pid(), Processes.SIGKILL);
      assertThat(keeper.onClose().toCompletableFuture().get(20, TimeUnit.SECONDS))
          .isEqualTo(new Closed.Died());
      assertThatThrownBy(() -> get(keeper.go(1))).hasMessageContaining("the keeper is gone");
    }
  }

  @Test
  void heldDescriptorsComeBack() throws Exception {
    try (Fd a = Descriptors.linux().memfd("a", "ipc".getBytes(UTF_8));
        Fd b = Descriptors.linux().memfd("b", "pid".getBytes(UTF_8))) {
      get(rig.keeper.hold(Map.of(HeldKind.PID, b)));
      get(rig.keeper.hold(new EnumMap<>(Map.of(HeldKind.IPC, a, HeldKind.PID, b))));
    }
    Map<HeldKind, Fd> held = get(rig.keeper.held());
    assertThat(held).containsOnlyKeys(HeldKind.IPC, HeldKind.PID);
    try (Fd ipc = requireNonNull(held.get(HeldKind.IPC));
        Fd pid = requireNonNull(held.get(HeldKind.PID))) {
      byte[] content = new byte[3];
      assertThat(Descriptors.linux().read(pid, content, 0, 3)).isEqualTo(3);
      assertThat(new String(content, UTF_8)).isEqualTo("pid");
      assertThat(ipc.isOpen()).isTrue();
    }
  }

  @Test
  void resultsStructuresAndSlotsReachTheKernel() throws Exception {
    PlanBuilder plan = new PlanBuilder();
    KeeperRig.stdio(plan);
    Arg.Result opened =
        plan.call(
            "open /proc/self/comm", Sys.OPENAT, Arg.of(-100), Arg.of("/proc/self/comm"), Arg.of(2));
    Arg text = new Arg.Bytes("by-iovec".getBytes(UTF_8), "text");
    Arg iovec =
        new Arg.Struct(
            16, List.of(new Arg.Field(0, 8, text), new Arg.Field(8, 8, Arg.of(8))), "iovec");
    plan.call("write by iovec", Sys.WRITEV, opened, iovec, Arg.of(1));
    plan.call("write slot", Sys.WRITE, plan.slot("extra"), Arg.of("from the plan"), Arg.of(13));
    KeeperRig.exec(plan, "/bin/true");
    try (Fd memory = Descriptors.linux().memfd("m", new byte[0])) {
      get(
          rig.keeper.launch(
              LaunchRequest.builder(1, "x", plan.build()).slots(Map.of("extra", memory)).build()));
      assertThat(rig.exit().code()).isZero();
      assertThat(Files.readString(Path.of(memory.procPath()))).isEqualTo("from the plan");
    }
  }

  @Test
  void aPlanWithoutAnEndFails() {
    PlanBuilder plan = new PlanBuilder();
    plan.call("nothing", Sys.GETPID);
    assertThatThrownBy(() -> run(plan.build()))
        .hasCauseInstanceOf(LaunchException.class)
        .hasMessageContaining("ENOEXEC");
  }

  @Test
  void anIdInUseAndUnknownIdsAreRefused() throws Exception {
    LaunchRequest request = rig.logged(plan(false, "/bin/sleep", "1000"), null).build();
    get(rig.keeper.launch(request));
    assertThatThrownBy(() -> get(rig.keeper.launch(request))).hasMessageContaining("EEXIST");
    assertThatThrownBy(() -> get(rig.keeper.kill(99, 9))).hasMessageContaining("ESRCH");
    assertThatThrownBy(() -> get(rig.keeper.forget(request.id()))).hasMessageContaining("EBUSY");
    assertThatThrownBy(() -> get(rig.keeper.shutdown())).hasMessageContaining("EBUSY");
  }

  @Test
  void manyLaunchesLeaveNeitherDescriptorsNorZombies() throws Exception {
    run(shell("true"));
    rig.exit();
    Path fds = Path.of("/proc/" + rig.keeper.pid() + "/fd");
    long before;
    try (var list = Files.list(fds)) {
      before = list.count();
    }
    for (int i = 0; i < 500; i++) {
      assertThat(run(shell("echo out"))).isEqualTo("out\n");
      assertThat(rig.exit().code()).isZero();
    }
    try (var list = Files.list(fds)) {
      assertThat(list.count()).isEqualTo(before);
    }
    assertThat(get(rig.keeper.list())).isEmpty();
    assertThat(
            Files.readString(
                Path.of("/proc/%d/task/%d/children".formatted(rig.keeper.pid(), rig.keeper.pid()))))
        .isEmpty();
    assertThat(Journal.read(directory)).isEmpty();
    assertThat(Errno.of(2)).isEqualTo(Errno.ENOENT);
  }
}
