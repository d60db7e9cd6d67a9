package io.crema.runtime.launch;

import io.crema.runtime.linux.Namespaces;
import io.crema.runtime.linux.Sys;
import java.util.List;
import java.util.Set;

/**
 * The steps that leave the host's namespaces.
 *
 * <p>The order is forced: entering the template needs capabilities in the host's user namespace, so
 * it comes before the pod's; the pod's net, ipc and uts namespaces belong to its user namespace, so
 * they come after it; and the process's own mount and cgroup namespaces must belong to it too.
 */
final class NamespaceSteps {
  private static final Arg ZERO = Arg.of(0);

  private NamespaceSteps() {}

  /** Enters the template mount namespace itself, which others are in too. */
  static void leaveHost(PlanCalls calls) {
    PlanBuilder plan = calls.plan();
    plan.call(
        "leave the host's mounts",
        Sys.SETNS,
        plan.slot(TemplateMountNamespace.SLOT),
        Arg.of(Namespaces.CLONE_NEWNS, "CLONE_NEWNS"));
  }

  /** Enters {@code joins} (of USER, NET, IPC, UTS), as root of the user namespace. */
  static void join(PlanCalls calls, ProcessSteps process, Set<Joined> joins) {
    PlanBuilder plan = calls.plan();
    for (Joined joined : List.of(Joined.USER, Joined.NET, Joined.IPC, Joined.UTS)) {
      if (joins.contains(joined)) {
        plan.call(
            "join the pod's " + joined.kind() + " namespace",
            Sys.SETNS,
            plan.slot(joined.slot()),
            Arg.of(joined.flag(), "CLONE_NEW" + joined.name()));
        if (joined == Joined.USER) {
          becomeRoot(plan, process);
        }
      }
    }
  }

  /** After a user namespace was joined, in which the host's root is nobody. */
  static void becomeRoot(PlanBuilder plan, ProcessSteps process) {
    plan.call("be root in the user namespace", Sys.SETRESGID, ZERO, ZERO, ZERO);
    plan.call("be root in the user namespace", Sys.SETRESUID, ZERO, ZERO, ZERO);
    process.hideAgain();
  }

  /** Goes on as the first process of a PID namespace that belongs to the joined user namespace. */
  static void newPids(PlanBuilder plan) {
    plan.add(
        new Step.Clone(
            "be the first in a PID namespace of the pod's user namespace",
            Namespaces.CLONE_NEWPID,
            "CLONE_PARENT|CLONE_NEWPID"));
  }

  /** Gives the process a mount namespace, a copy of where it is. */
  static void ownMounts(PlanCalls calls, boolean newCgroupNamespace) {
    calls
        .plan()
        .call(
            "have mounts of its own" + (newCgroupNamespace ? " and see its own cgroup only" : ""),
            Sys.UNSHARE,
            Arg.of(
                Namespaces.CLONE_NEWNS | (newCgroupNamespace ? Namespaces.CLONE_NEWCGROUP : 0),
                "CLONE_NEWNS" + (newCgroupNamespace ? "|CLONE_NEWCGROUP" : "")));
  }
}
