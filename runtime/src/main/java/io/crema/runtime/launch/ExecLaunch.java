package io.crema.runtime.launch;

import io.crema.runtime.linux.Sys;
import java.util.ArrayList;
import java.util.List;

/**
 * Composes an exec into a running container: one setns(2) on its first process's pidfd (slot
 * {@value #TARGET_SLOT}) for all namespaces, then what {@link ProcessSteps} does.
 */
public final class ExecLaunch {
  /** The slot of a pidfd of the container's first process. */
  public static final String TARGET_SLOT = "container";

  private ExecLaunch() {}

  /** The plan for {@code spec}; it doesn't wait. */
  public static LaunchPlan compose(ExecSpec spec) {
    PlanBuilder plan = new PlanBuilder();
    PlanCalls calls = new PlanCalls(plan);
    ProcessSteps process = new ProcessSteps(calls);
    process.hide();
    process.joinCgroups(spec.cgroupJoins());
    process.attributes(spec.process());
    if (spec.users() != null) {
      process.prepareForUsers(spec.process(), spec.users());
    }
    int flags = 0;
    List<String> names = new ArrayList<>();
    for (Joined joined : Joined.values()) {
      if (spec.joins().contains(joined)) {
        flags |= joined.flag();
        names.add(joined == Joined.MOUNT ? "CLONE_NEWNS" : "CLONE_NEW" + joined.name());
      }
    }
    plan.call(
        "join the container's namespaces",
        Sys.SETNS,
        plan.slot(TARGET_SLOT),
        Arg.of(flags, String.join("|", names)));
    if (spec.joins().contains(Joined.USER)) {
      NamespaceSteps.becomeRoot(plan, process);
    }
    process.session();
    switch (spec.process().stdio()) {
      case StdioSpec.Streams s ->
          process.streams(s, spec.users() == null ? spec.process().uid() : 0);
      case StdioSpec.Terminal _ ->
          process.takeTerminal(
              process.terminal(PlanCalls.CWD, "/dev/pts/ptmx", spec.process().uid()));
    }
    process.become(spec.process(), false);
    return plan.build();
  }
}
