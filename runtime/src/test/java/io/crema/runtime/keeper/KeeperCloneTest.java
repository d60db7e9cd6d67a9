package io.crema.runtime.keeper;

import static io.crema.runtime.keeper.KeeperRig.exec;
import static io.crema.runtime.keeper.KeeperRig.get;
import static io.crema.runtime.keeper.KeeperRig.stdio;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.runtime.launch.Arg;
import io.crema.runtime.launch.LaunchPlan;
import io.crema.runtime.launch.PlanBuilder;
import io.crema.runtime.launch.Step;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Processes;
import io.crema.runtime.linux.Sys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Launches that go on in a clone of their process, whatever happens meanwhile. */
@Timeout(60)
class KeeperCloneTest {
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

  private static LaunchPlan plan(boolean waiting, String... command) {
    PlanBuilder plan = new PlanBuilder();
    stdio(plan);
    plan.add(new Step.Clone("go on in a clone", 0, "CLONE_PARENT"));
    if (waiting) {
      plan.add(new Step.Wait("wait for the start"));
    }
    exec(plan, command);
    return plan.build();
  }

  private String children() throws IOException {
    int pid = rig.keeper.pid();
    return Files.readString(Path.of("/proc/%d/task/%d/children".formatted(pid, pid)));
  }

  @Test
  void theCloneIsTheKeepersChildAndItsExitTheLaunchs() throws Exception {
    try (Fd log = rig.openLog()) {
      LaunchRequest request =
          rig.logged(plan(false, "/bin/sh", "-c", "echo $$ $PPID; exit 7"), log).build();
      Launched launched = get(rig.keeper.launch(request));
      Exit exit = rig.exit();
      assertThat(exit.code()).isEqualTo(7);
      assertThat(exit.pid()).isEqualTo(launched.pid());
      assertThat(rig.log())
          .singleElement()
          .asString()
          .endsWith(" stdout F " + launched.pid() + " " + rig.keeper.pid());
    }
  }

  @Test
  void aWaitingLaunchIsStartedInItsClone() throws Exception {
    LaunchRequest request =
        rig.logged(plan(true, "/bin/sleep", "1000"), null).waiting(true).build();
    get(rig.keeper.launch(request));
    Launched started = get(rig.keeper.go(request.id()));
    assertThat(Files.readString(Path.of("/proc/" + started.pid() + "/comm"))).isEqualTo("sleep\n");
    assertThat(get(rig.keeper.list()).getFirst().pid()).isEqualTo(started.pid());
    get(rig.keeper.kill(request.id(), Processes.SIGTERM));
    assertThat(rig.exit().code()).isEqualTo(128 + 15);
  }

  @Test
  void aStepThatFailsInTheCloneIsNamed() throws Exception {
    PlanBuilder plan = new PlanBuilder();
    plan.add(new Step.Clone("go on in a clone", 0, "CLONE_PARENT"));
    plan.call("enter /srv/x", Sys.CHDIR, Arg.of("/does/not/exist"));
    exec(plan, "/bin/true");
    LaunchRequest request = rig.logged(plan.build(), null).build();
    assertThatThrownBy(() -> get(rig.keeper.launch(request)))
        .hasRootCauseMessage("enter /srv/x: No such file or directory (ENOENT)");
    assertThat(get(rig.keeper.list())).isEmpty();
  }

  @Test
  void aCloneThatIsNotAllowedFailsTheLaunch() {
    PlanBuilder plan = new PlanBuilder();
    // CLONE_THREAD without CLONE_SIGHAND: EINVAL
    plan.add(new Step.Clone("go on in a clone", 0x10000, "CLONE_THREAD"));
    exec(plan, "/bin/true");
    assertThatThrownBy(() -> get(rig.keeper.launch(rig.logged(plan.build(), null).build())))
        .hasRootCauseMessage("go on in a clone: Invalid argument (EINVAL)");
  }

  /** The signal comes before, while or after the launch goes over into its clone. */
  @Test
  void whatIsKilledWhileItClonesItselfIsDeadAndForgotten() throws Exception {
    for (int i = 0; i < 300; i++) {
      LaunchRequest request = rig.logged(plan(true, "/bin/true"), null).waiting(true).build();
      CompletableFuture<Launched> launch = rig.keeper.launch(request);
      for (int pings = i % 4; pings > 0; pings--) {
        get(rig.keeper.ping());
      }
      CompletableFuture<Void> kill = rig.keeper.kill(request.id(), Processes.SIGKILL);
      get(launch);
      get(kill);
      assertThatThrownBy(() -> get(rig.keeper.go(request.id())))
          .isInstanceOf(ExecutionException.class)
          .hasRootCauseInstanceOf(LaunchException.class)
          .hasMessageContaining("the process ended before execve");
    }
    while (!children().isEmpty()) {
      get(rig.keeper.ping()); // the kernel delivers the last deaths
    }
    assertThat(rig.exits).isEmpty();
    assertThat(get(rig.keeper.list())).isEmpty();
  }

  @Test
  void aKeeperThatLeavesAnswersWhoeverStillTalksToIt() throws Exception {
    CompletableFuture<Void> shutdown = rig.keeper.shutdown();
    CompletableFuture<?>[] late = new CompletableFuture<?>[50];
    for (int i = 0; i < late.length; i++) {
      late[i] = rig.keeper.forget(1000 + i).handle((_, e) -> e);
    }
    get(shutdown); // used to fail with ECONNRESET: the others were still unread
    get(CompletableFuture.allOf(late));
    rig.renew();
  }
}
