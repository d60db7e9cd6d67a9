package io.crema.runtime.launch;

import io.crema.runtime.linux.Sys;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Composes the first process of a PID namespace that a pod's containers share. It executes nothing:
 * it sits in an empty read-only root without privileges and reaps, so that /proc/1 shows a
 * container nothing of the host. The launch needs the flag CLONE_NEWPID, unless there is a user
 * namespace, to which the PID namespace must belong; slots: {@link TemplateMountNamespace#SLOT},
 * {@link Stream#NULL_SLOT}, {@link Joined#slot} of what it joins, and the cgroup joins.
 */
public final class PodInitLaunch {
  /** As the pause container's: neither root nor anybody of the image. */
  private static final int NOBODY = 65535;

  private static final int PR_SET_NAME = 15;

  private PodInitLaunch() {}

  /**
   * The plan.
   *
   * @param joins of NET, IPC, UTS, USER: what there is in the pod
   * @param users the ids of the user namespace; null unless {@code joins} has USER
   * @param oomScoreAdj null leaves it
   */
  public static LaunchPlan compose(
      Set<Joined> joins,
      @Nullable UserMap users,
      List<String> cgroupJoins,
      @Nullable Integer oomScoreAdj) {
    int uid = users == null ? NOBODY : (int) Math.min(NOBODY, users.uids() - 1);
    int gid = users == null ? NOBODY : (int) Math.min(NOBODY, users.gids() - 1);
    PlanBuilder plan = new PlanBuilder();
    PlanCalls calls = new PlanCalls(plan);
    ProcessSpec nobody =
        new ProcessSpec(
            List.of("init"),
            List.of(),
            "/",
            uid,
            gid,
            List.of(),
            0,
            0,
            true,
            List.of(),
            null,
            oomScoreAdj,
            "",
            "",
            new StdioSpec.Streams(Stream.NULL, Stream.NULL, Stream.NULL));
    ProcessSteps process = new ProcessSteps(calls);
    process.hide();
    process.joinCgroups(cgroupJoins);
    process.attributes(nobody);
    NamespaceSteps.leaveHost(calls);
    NamespaceSteps.join(calls, process, joins);
    if (users != null) {
      NamespaceSteps.newPids(plan);
    }
    NamespaceSteps.ownMounts(calls, false);
    process.session();
    process.streams(new StdioSpec.Streams(Stream.NULL, Stream.NULL, Stream.NULL), 0);
    plan.call(
        "be called crema-init",
        Sys.PRCTL,
        Arg.of(PR_SET_NAME, "PR_SET_NAME"),
        Arg.of("crema-init"));
    process.dropTo(nobody);
    plan.add(new Step.Init("reap the pod's orphans"));
    return plan.build();
  }
}
