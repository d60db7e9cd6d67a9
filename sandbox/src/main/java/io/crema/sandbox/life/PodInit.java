package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;

import io.crema.runtime.keeper.Exit;
import io.crema.runtime.keeper.HeldKind;
import io.crema.runtime.keeper.KeeperException;
import io.crema.runtime.keeper.LaunchRequest;
import io.crema.runtime.keeper.Launched;
import io.crema.runtime.launch.Joined;
import io.crema.runtime.launch.LaunchPlan;
import io.crema.runtime.launch.PodInitLaunch;
import io.crema.runtime.launch.PodNamespaces;
import io.crema.runtime.launch.Stream;
import io.crema.runtime.launch.Sysctls;
import io.crema.runtime.launch.TemplateMountNamespace;
import io.crema.runtime.launch.Templates;
import io.crema.runtime.launch.UserMap;
import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.NamespaceMode;
import java.io.IOException;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** A pod's own namespaces, and the init of the PID namespace that its containers may share. */
final class PodInit {
  private final Templates templates;

  PodInit(Templates templates) {
    this.templates = templates;
  }

  /** The namespaces that the pod doesn't share with the host; the caller owns them. */
  Map<HeldKind, Fd> namespaces(Pod pod) throws IOException, SandboxException, InterruptedException {
    Set<Joined> kinds = kinds(pod);
    UserMap users = pod.users();
    try {
      Sysctls sysctls = Sysctls.of(pod.config().sysctls());
      if (kinds.contains(Joined.NET)) {
        sysctls = sysctls.withNetworkDefaults(users != null);
      }
      String hostname = pod.config().hostname();
      // its descriptors become the pod's
      @SuppressWarnings("resource")
      PodNamespaces made =
          users == null
              ? PodNamespaces.create(kinds, hostname, sysctls)
              : PodNamespaces.adopt(UserNamespaces.create(pod, users, kinds), hostname, sysctls);
      Map<HeldKind, Fd> held = new EnumMap<>(HeldKind.class);
      made.all().forEach((kind, fd) -> held.put(heldKind(kind), fd));
      return held;
    } catch (IllegalArgumentException e) {
      throw new SandboxException(INVALID_ARGUMENT, pod.display() + ": " + e.getMessage(), e);
    }
  }

  private static Set<Joined> kinds(Pod pod) {
    Set<Joined> kinds = EnumSet.noneOf(Joined.class);
    if (!pod.onHostNetwork()) {
      kinds.add(Joined.NET);
      kinds.add(Joined.UTS); // a pod on the host's network has the host's name
    }
    if (pod.config().security().namespaces().ipc() != NamespaceMode.NODE) {
      kinds.add(Joined.IPC);
    }
    return kinds;
  }

  private static HeldKind heldKind(Joined kind) {
    return switch (kind) {
      case NET -> HeldKind.NETWORK;
      case IPC -> HeldKind.IPC;
      case UTS -> HeldKind.UTS;
      case USER -> HeldKind.USER;
      case CGROUP -> HeldKind.CGROUP;
      case PID -> HeldKind.PID;
      case MOUNT -> HeldKind.MOUNT;
    };
  }

  /** The descriptors to enter the pod's namespaces by, as slots of a plan. */
  static Map<Joined, Fd> joins(Pod pod) {
    Map<Joined, Fd> joins = new EnumMap<>(Joined.class);
    pod.namespace(HeldKind.USER).ifPresent(fd -> joins.put(Joined.USER, fd));
    pod.namespace(HeldKind.NETWORK).ifPresent(fd -> joins.put(Joined.NET, fd));
    pod.namespace(HeldKind.IPC).ifPresent(fd -> joins.put(Joined.IPC, fd));
    pod.namespace(HeldKind.UTS).ifPresent(fd -> joins.put(Joined.UTS, fd));
    return joins;
  }

  /** The PID namespace that the pod's containers share; made with its init when first asked for. */
  Fd sharedPids(Pod pod) throws IOException, SandboxException, InterruptedException {
    pod.initLock().lock();
    try {
      var known = pod.namespace(HeldKind.PID);
      return known.isPresent() ? known.get() : start(pod);
    } finally {
      pod.initLock().unlock();
    }
  }

  private Fd start(Pod pod) throws IOException, SandboxException, InterruptedException {
    long launch = Ids.nextLaunch();
    Map<Joined, Fd> joins = joins(pod);
    UserMap users = pod.users();
    LaunchPlan plan = PodInitLaunch.compose(joins.keySet(), users, java.util.List.of(), null);
    Map<String, Fd> slots = new HashMap<>();
    joins.forEach((kind, fd) -> slots.put(kind.slot(), fd));
    slots.put(TemplateMountNamespace.SLOT, templates.of(users).namespace());
    slots.put(Stream.NULL_SLOT, templates.plain().nullDevice());
    slots.keySet().retainAll(plan.slots());
    CompletableFuture<Exit> ended = new CompletableFuture<>();
    pod.observe(launch, ended::complete);
    Launched launched =
        Waits.get(
            pod.keeper()
                .launch(
                    LaunchRequest.builder(launch, "init", plan)
                        .slots(slots)
                        .cloneFlags(users == null ? LaunchRequest.CLONE_NEWPID : 0)
                        .build()),
            pod.display() + ": start the init of its PID namespace");
    pod.init(new Pod.Init(launch, ended));
    Fd namespace = Paths.linux().open("/proc/" + launched.pid() + "/ns/pid", Paths.O_RDONLY, 0);
    pod.namespace(HeldKind.PID, namespace);
    Waits.get(
        pod.keeper().hold(Map.of(HeldKind.PID, namespace)),
        pod.display() + ": hand over its PID namespace");
    return namespace;
  }

  /** Ends the pod's init and with it all that is left in its PID namespace; none is fine. */
  void end(Pod pod) throws IOException, SandboxException, InterruptedException {
    Pod.Init init = pod.init();
    if (init == null || pod.keeperIfAlive().isEmpty()) {
      return;
    }
    try {
      Waits.get(
          pod.keeper().kill(init.launchId(), Signals.SIGKILL), pod.display() + ": end its init");
      Waits.get(init.ended(), pod.display() + ": the end of its init");
    } catch (KeeperException e) {
      if (e.errno() != Errno.ESRCH) {
        throw e;
      }
    }
    pod.forget(init.launchId());
  }
}
