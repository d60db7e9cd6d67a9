package io.crema.runtime.keeper;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.crema.runtime.launch.Arg;
import io.crema.runtime.launch.LaunchPlan;
import io.crema.runtime.launch.PlanBuilder;
import io.crema.runtime.launch.Step;
import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import io.crema.runtime.linux.Sys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** A loop, a nursery and one keeper, with plans that need no container. */
final class KeeperRig implements AutoCloseable {
  static final int O_APPEND_CREATE = 02000 | 0100 | 01;

  final Path directory;
  final KeeperLoop loop;
  final Nursery nursery;
  Keeper keeper;
  final BlockingQueue<Exit> exits = new LinkedBlockingQueue<>();
  private long nextId = 1;

  KeeperRig(Path directory) throws IOException {
    this.directory = directory;
    loop = KeeperLoop.start();
    nursery = Nursery.start(loop);
    keeper = nursery.spawn(directory, (_, e) -> exits.add(e));
  }

  /** Another keeper in the place of one that has left. */
  void renew() throws IOException {
    keeper.close();
    keeper = nursery.spawn(directory, (_, e) -> exits.add(e));
  }

  static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(20, SECONDS);
  }

  Exit exit() throws InterruptedException {
    Exit exit = exits.poll(20, SECONDS);
    if (exit == null) {
      throw new AssertionError("no exit was announced in 20 s");
    }
    return exit;
  }

  long id() {
    return nextId++;
  }

  static void stdio(PlanBuilder plan) {
    plan.call("dup stdin", Sys.DUP3, plan.slot("stdin"), Arg.of(0), Arg.of(0));
    plan.call("dup stdout", Sys.DUP3, plan.slot("stdout"), Arg.of(1), Arg.of(0));
    plan.call("dup stderr", Sys.DUP3, plan.slot("stderr"), Arg.of(2), Arg.of(0));
  }

  static void exec(PlanBuilder plan, String... command) {
    plan.call(
        "exec " + command[0],
        Sys.EXECVE,
        Arg.of(command[0]),
        new Arg.Pointers(List.of(command).stream().map(Arg::of).toList(), "argv"),
        new Arg.Pointers(List.of(Arg.of("PATH=/usr/bin:/bin")), "environment"));
  }

  static LaunchPlan plan(boolean waiting, String... command) {
    PlanBuilder plan = new PlanBuilder();
    stdio(plan);
    if (waiting) {
      plan.add(new Step.Wait("wait for the start"));
    }
    exec(plan, command);
    return plan.build();
  }

  static LaunchPlan shell(String script) {
    return plan(false, "/bin/sh", "-c", script);
  }

  /** A plan whose only step before execve fails with ENOENT. */
  static LaunchPlan broken(boolean waiting) {
    PlanBuilder plan = new PlanBuilder();
    stdio(plan);
    plan.call("tolerated", Sys.CHDIR, Set.of(Errno.ENOENT), Arg.of("/does/not/exist"));
    plan.call("enter /srv/x (volume data)", Sys.CHDIR, Arg.of("/does/not/exist"));
    if (waiting) {
      plan.add(new Step.Wait("wait for the start"));
    }
    exec(plan, "/bin/true");
    return plan.build();
  }

  Path logFile() {
    return directory.resolve("0.log");
  }

  Fd openLog() throws IOException {
    return Paths.linux().open(logFile().toString(), O_APPEND_CREATE, 0600);
  }

  List<String> log() throws IOException {
    String all = Files.readString(logFile());
    return all.isEmpty() ? List.of() : List.of(all.substring(0, all.length() - 1).split("\n", -1));
  }

  /** Launches with both outputs logged, without input. */
  LaunchRequest.Builder logged(LaunchPlan plan, @Nullable Fd log) {
    long id = id();
    return LaunchRequest.builder(id, "c" + id, plan)
        .slots(Map.of())
        .stdio(Stdio.DEV_NULL, Stdio.LOGGED, Stdio.LOGGED)
        .log(log);
  }

  @Override
  public void close() throws IOException {
    try {
      for (LaunchInfo l : get(keeper.list())) {
        if (l.state() != LaunchInfo.State.EXITED && l.state() != LaunchInfo.State.FAILED) {
          try {
            get(keeper.kill(l.id(), 9));
          } catch (java.util.concurrent.ExecutionException e) {
            if (!(e.getCause() instanceof KeeperException k) || k.errno() != Errno.ESRCH) {
              throw e; // ESRCH: it ended by itself since it was listed
            }
          }
        }
      }
      for (int i = 0; ; i++) {
        try {
          get(keeper.shutdown());
          break;
        } catch (java.util.concurrent.ExecutionException e) {
          if (i == 200) {
            throw e;
          }
          get(keeper.ping()); // until the kernel has delivered the deaths
        }
      }
    } catch (Exception e) {
      throw new IOException("shut the keeper down", e);
    } finally {
      keeper.close();
      nursery.close();
      loop.close();
    }
  }
}
