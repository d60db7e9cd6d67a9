package io.crema.runtime.launch;

import io.crema.runtime.linux.Namespaces;
import io.crema.runtime.linux.Sys;
import java.util.List;
import java.util.Set;

/** The steps that leave the host's namespaces. */
final class NamespaceSteps {
  private static final Arg ZERO = Arg.of(0);

  private NamespaceSteps() {}

  /** After a user namespace was joined, in which the host's root is nobody. */
  static void becomeRoot(PlanBuilder plan) {
    plan.call("be root in the user namespace", Sys.SETRESGID, ZERO, ZERO, ZERO);
    plan.call("be root in the user namespace", Sys.SETRESUID, ZERO, ZERO, ZERO);
  }

  /**
   * Enters a copy of the template mount namespace, and {@code joins}.
   *
   * <p>The order is forced: entering the template needs capabilities in the host's user namespace,
   * so it comes before the pod's; the pod's net, ipc and uts namespaces belong to its user
   * namespace, so they come after it; and the copy must belong to it too.
   */
  static void enter(PlanCalls calls, Set<Joined> joins, boolean newCgroupNamespace) {
    PlanBuilder plan = calls.plan();
    plan.call(
        "leave the host's mounts",
        Sys.SETNS,
        plan.slot(TemplateMountNamespace.SLOT),
        Arg.of(Namespaces.CLONE_NEWNS, "CLONE_NEWNS"));
    for (Joined joined : List.of(Joined.USER, Joined.NET, Joined.IPC, Joined.UTS)) {
      if (joins.contains(joined)) {
        plan.call(
            "join the pod's " + joined.kind() + " namespace",
            Sys.SETNS,
            plan.slot(joined.slot()),
            Arg.of(joined.flag(), "CLONE_NEW" + joined.name()));
        if (joined == Joined.USER) {
          becomeRoot(plan);
        }
      }
    }
    plan.call(
        "have mounts of its own" + (newCgroupNamespace ? " and see its own cgroup only" : ""),
        Sys.UNSHARE,
        Arg.of(
            Namespaces.CLONE_NEWNS | (newCgroupNamespace ? Namespaces.CLONE_NEWCGROUP : 0),
            "CLONE_NEWNS" + (newCgroupNamespace ? "|CLONE_NEWCGROUP" : "")));
  }
}
