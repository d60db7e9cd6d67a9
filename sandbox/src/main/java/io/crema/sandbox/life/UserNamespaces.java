package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.FAILED_PRECONDITION;
import static io.crema.sandbox.SandboxException.Code.INTERNAL;

import io.crema.runtime.keeper.Keeper;
import io.crema.runtime.keeper.KeeperException;
import io.crema.runtime.keeper.LaunchException;
import io.crema.runtime.keeper.LaunchRequest;
import io.crema.runtime.keeper.Launched;
import io.crema.runtime.launch.Arg;
import io.crema.runtime.launch.Joined;
import io.crema.runtime.launch.LaunchPlan;
import io.crema.runtime.launch.PlanBuilder;
import io.crema.runtime.launch.Step;
import io.crema.runtime.launch.UserMap;
import io.crema.runtime.linux.Descriptors;
import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import io.crema.runtime.linux.Sys;
import io.crema.sandbox.SandboxException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes a pod's user namespace, and with it the namespaces that shall belong to it.
 *
 * <p>The daemon can't: only a process with a single thread can make or enter a user namespace. So
 * the pod's keeper clones one into a new user namespace, whose id maps the daemon writes. Then the
 * process becomes root there, so that what the kernel makes with a namespace (the root of its
 * message queues) is that root's, and makes the others. The daemon opens them all and lets the
 * process go, which leaves. They live on by their descriptors.
 */
final class UserNamespaces {
  /** What keepers call such a process. */
  static final String HOLDER = "user-namespace";

  private static final Path MOST = Path.of("/proc/sys/user/max_user_namespaces");
  private static final Logger LOG = System.getLogger("io.crema.sandbox");
  private static final String MAPPED = "mapped";
  private static final String READY = "ready";

  private UserNamespaces() {}

  /** Whether this kernel makes any. */
  static boolean supported() {
    try {
      return !Files.readString(MOST).strip().equals("0");
    } catch (NoSuchFileException e) {
      return false; // built without
    } catch (IOException e) {
      throw new IllegalStateException(MOST + " can't be read", e);
    }
  }

  private static LaunchPlan plan(Set<Joined> kinds) {
    PlanBuilder plan = new PlanBuilder();
    Arg none = Arg.of(0);
    Arg.Struct octet = new Arg.Struct(1, List.of(), "1 byte");
    plan.call("wait until the ids are mapped", Sys.READ, plan.slot(MAPPED), octet, Arg.of(1));
    plan.call("be root in the user namespace", Sys.SETRESGID, none, none, none);
    plan.call("be root in the user namespace", Sys.SETRESUID, none, none, none);
    int flags = 0;
    for (Joined kind : kinds) {
      flags |= kind.flag();
    }
    if (flags != 0) {
      plan.call("make the namespaces " + kinds, Sys.UNSHARE, Arg.of(Integer.toUnsignedLong(flags)));
    }
    plan.call("say that they are there", Sys.WRITE, plan.slot(READY), octet, Arg.of(1));
    plan.add(new Step.Wait("wait until they are taken hold of"));
    plan.add(new Step.Fail("leave the namespaces", Errno.ECANCELED));
    return plan.build();
  }

  /**
   * A new user namespace with {@code map}, and new ones of {@code kinds} (of NET, IPC, UTS) that
   * belong to it; the caller owns the descriptors.
   */
  static Map<Joined, Fd> create(Pod pod, UserMap map, Set<Joined> kinds)
      throws IOException, SandboxException, InterruptedException {
    Keeper keeper = pod.keeper();
    long id = Ids.nextLaunch();
    LaunchPlan plan = plan(kinds);
    Map<Joined, Fd> made = new EnumMap<>(Joined.class);
    Descriptors descriptors = Descriptors.linux();
    try (Rollback rollback = new Rollback();
        Descriptors.Pipe mapped = descriptors.pipe(MAPPED, 0);
        Descriptors.Pipe ready = descriptors.pipe(READY, 0)) {
      rollback.add(() -> made.values().forEach(Fd::close));
      Launched holder = launch(pod, id, plan, mapped.readEnd(), ready.writeEnd());
      rollback.add(
          () -> {
            mapped.writeEnd().close(); // it goes on, and fails to become root
            abandon(pod, keeper, id);
          });
      ready.writeEnd().close(); // the process's is the only one: its end is ours
      Paths paths = Paths.linux();
      // Of this process for good, whoever may have its number later.
      try (Fd process =
          paths.open("/proc/" + holder.pid(), Paths.O_PATH | Paths.directoryFlag(), 0)) {
        write(process, "uid_map", map.uidMap());
        write(process, "gid_map", map.gidMap());
        descriptors.writeAll(mapped.writeEnd(), new byte[1]);
        if (descriptors.read(ready.readEnd(), new byte[1], 0, 1) == 1) { // else leave() says why
          made.put(Joined.USER, namespace(process, Joined.USER));
          for (Joined kind : kinds) {
            made.put(kind, namespace(process, kind));
          }
        }
      }
      leave(pod, keeper, id, plan);
      rollback.keep();
      return made;
    }
  }

  private static Launched launch(Pod pod, long id, LaunchPlan plan, Fd mapped, Fd ready)
      throws IOException, SandboxException, InterruptedException {
    String what = pod.display() + ": make its user namespace";
    try {
      return Waits.get(
          pod.keeper()
              .launch(
                  LaunchRequest.builder(id, HOLDER, plan)
                      .slots(Map.of(MAPPED, mapped, READY, ready))
                      .cloneFlags(LaunchRequest.CLONE_NEWUSER)
                      .waiting(true)
                      .ephemeral(true)
                      .build()),
          what);
    } catch (LaunchException e) {
      throw new SandboxException(FAILED_PRECONDITION, what + ": " + reason(e), e);
    }
  }

  private static String reason(LaunchException e) {
    return switch (e.errno()) {
      case ENOSPC -> "the kernel allows no more of them (sysctl user.max_user_namespaces)";
      case EUSERS -> "they are nested too deep";
      case EINVAL -> "the kernel was built without them (CONFIG_USER_NS)";
      default -> String.valueOf(e.getMessage());
    };
  }

  private static Fd namespace(Fd process, Joined kind) throws IOException {
    return Paths.linux().openAt2(process, "ns/" + kind.kind(), Paths.O_RDONLY, 0, 0);
  }

  private static void write(Fd process, String file, String text) throws IOException {
    try (Fd fd = Paths.linux().openAt2(process, file, Paths.O_WRONLY, 0, 0)) {
      Descriptors.linux().writeAll(fd, text.getBytes(StandardCharsets.UTF_8)); // one write(2)
    } catch (IOException e) {
      throw new IOException("write \"" + text.strip() + "\" to " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Lets the process go. That it reports to have come to its last step proves that it was there all
   * the time: what was opened by its number was its own.
   */
  private static void leave(Pod pod, Keeper keeper, long launchId, LaunchPlan plan)
      throws IOException, SandboxException, InterruptedException {
    String what = pod.display() + ": make its user namespace";
    try {
      Waits.get(keeper.go(launchId, plan), what);
    } catch (LaunchException e) {
      if (e.errno() == Errno.ECANCELED) {
        return;
      }
      throw new SandboxException(INTERNAL, what + ": " + reason(e), e);
    }
    throw new IllegalStateException(what + ": the process has executed something");
  }

  /** Ends the process of {@code launchId}, wherever it is; gone already is fine. */
  static void abandon(Pod pod, Keeper keeper, long launchId)
      throws IOException, SandboxException, InterruptedException {
    try {
      Waits.get(keeper.go(launchId), pod.display() + ": give up its user namespace");
    } catch (LaunchException e) {
      LOG.log(Level.DEBUG, "{0}: {1}", pod.display(), e.getMessage()); // as it should
    } catch (KeeperException e) {
      if (e.errno() != Errno.ESRCH) {
        throw e;
      }
    }
  }
}
