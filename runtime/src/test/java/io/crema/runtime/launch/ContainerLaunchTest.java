package io.crema.runtime.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.Sys;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ContainerLaunchTest {
  private static final RootFs ROOT =
      new RootFs.Overlay(List.of("/layers/top", "/layers/base"), "/c/upper", "/c/work");

  private static LaunchPlan plan(MountSpec... own) {
    List<MountSpec> mounts =
        new ArrayList<>(StandardMounts.list(List.of(), false, "/pods/shm", List.of(), null));
    mounts.addAll(List.of(own));
    return ContainerLaunch.compose(Specs.container(ROOT, mounts, Specs.process("/bin/true")));
  }

  private static int first(LaunchPlan plan, Sys sys) {
    for (int i = 0; i < plan.steps().size(); i++) {
      if (plan.steps().get(i) instanceof Step.Call c && c.sys() == sys) {
        return i;
      }
    }
    throw new AssertionError("no " + sys);
  }

  private static List<String> purposes(LaunchPlan plan) {
    return plan.steps().stream().map(Step::purpose).toList();
  }

  private static List<Step.Call> calls(LaunchPlan plan, String purpose) {
    return plan.steps().stream()
        .filter(s -> s.purpose().startsWith(purpose))
        .map(Step.Call.class::cast)
        .toList();
  }

  @Test
  void everyPlanCanBeEncoded() {
    assertThat(PlanCodec.encode(plan())).hasSizeLessThan(64 * 1024);
  }

  @Test
  void sourcesAreOpenedBeforeTheHostsMountsAreLeftAndNamesResolvedAfterTheRootIsTaken() {
    LaunchPlan plan = plan(MountSpec.Bind.of("/srv/x", "/data", true, true));
    List<String> purposes = purposes(plan);
    int leave = purposes.indexOf("leave the host's mounts");
    int root = purposes.indexOf("leave the template");
    assertThat(purposes.indexOf("mount /data (hostPath /srv/x): open the source"))
        .isBetween(0, leave - 1);
    assertThat(leave).isLessThan(root);
    assertThat(first(plan, Sys.OPENAT2)).isGreaterThan(root);
    assertThat(first(plan, Sys.UMOUNT2)).isEqualTo(root);
  }

  @Test
  void layersAreGivenTopFirst() {
    assertThat(purposes(plan()))
        .containsSubsequence(
            "mount / (overlay): set lowerdir+=/layers/top",
            "mount / (overlay): set lowerdir+=/layers/base",
            "mount / (overlay): set upperdir=/c/upper");
  }

  @Test
  void aBindIsMadePrivateInAllItsDepthAndReadonlyAtItsTop() {
    List<Step.Call> steps =
        calls(plan(MountSpec.Bind.of("/srv/x", "/a/b", true, true)), "mount /a/b");
    assertThat(steps.stream().map(Step.Call::sys))
        .containsExactly(
            Sys.OPEN_TREE,
            Sys.MOUNT_SETATTR,
            Sys.MOUNT_SETATTR,
            Sys.MKDIRAT,
            Sys.OPENAT2,
            Sys.MKDIRAT,
            Sys.OPENAT2,
            Sys.MOVE_MOUNT);
    assertThat(labels(steps.get(1))).contains("MS_PRIVATE", "AT_EMPTY_PATH|AT_RECURSIVE");
    assertThat(labels(steps.get(2))).contains("MOUNT_ATTR_RDONLY", "AT_EMPTY_PATH");
  }

  @Test
  void aRecursivelyReadonlyBindTakesOneCall() {
    MountSpec rro =
        new MountSpec.Bind(
            "/srv/x", "/a", true, true, true, MountSpec.Propagation.PRIVATE, 0, false);
    List<Step.Call> steps = calls(plan(rro), "mount /a");
    assertThat(steps.stream().filter(s -> s.sys() == Sys.MOUNT_SETATTR)).hasSize(1);
    assertThat(labels(steps.get(1)))
        .contains("MOUNT_ATTR_RDONLY|MS_PRIVATE", "AT_EMPTY_PATH|AT_RECURSIVE");
    assertThatThrownBy(
            () ->
                new MountSpec.Bind(
                    "/srv/x",
                    "/a",
                    true,
                    true,
                    true,
                    MountSpec.Propagation.BIDIRECTIONAL,
                    0,
                    false))
        .hasMessageContaining("/a: a recursive read-only mount");
  }

  @Test
  void propagationIsSaidBeforeAnybodySeesTheMount() {
    MountSpec slave =
        new MountSpec.Bind(
            "/s", "/a", true, false, false, MountSpec.Propagation.HOST_TO_CONTAINER, 0, false);
    MountSpec shared =
        new MountSpec.Bind(
            "/s", "/b", true, false, false, MountSpec.Propagation.BIDIRECTIONAL, 0, false);
    assertThat(labels(calls(plan(slave), "mount /a").get(1))).contains("MS_SLAVE");
    LaunchPlan both = plan(shared);
    assertThat(calls(both, "mount /b").stream().map(Step.Call::sys))
        .doesNotContain(Sys.MOUNT_SETATTR);
    assertThat(purposes(both)).contains("let mounts in the root propagate");
  }

  @Test
  void aMissingMaskedPathIsPassedOver() {
    List<Step.Call> steps = calls(plan(), "mask /proc/kcore");
    assertThat(steps.stream().map(Step.Call::sys))
        .containsExactly(Sys.OPEN_TREE, Sys.OPENAT2, Sys.MOVE_MOUNT);
    assertThat(steps.get(1).tolerated()).isEqualTo(Set.of(Errno.ENOENT, Errno.ENOTDIR));
    assertThat(steps.get(2).tolerated()).isEqualTo(Set.of(Errno.EBADF));
  }

  @Test
  void privilegesGoInTheOrderThatKeepsEachStepPossible() {
    ProcessSpec p = Specs.process("/bin/true");
    ProcessSpec user =
        new ProcessSpec(
            p.args(),
            p.env(),
            "/work",
            1000,
            1000,
            List.of(1000, 5),
            p.capabilities(),
            0,
            false,
            List.of(Rlimit.nofile(10, 10)),
            new SeccompFilter(new byte[8], 0, "test"),
            -5,
            "",
            "",
            p.stdio());
    List<String> purposes =
        purposes(ContainerLaunch.compose(Specs.container(ROOT, List.of(), user)));
    assertThat(purposes)
        .containsSubsequence(
            "keep the container from looking into the launch",
            "set oom_score_adj to -5",
            "leave the host's mounts",
            "start a session",
            "make stdout descriptor 1",
            "give stdout to user 1000",
            "make cwd (\"/work\"): make /work",
            "load the seccomp filter (test)",
            "chdir to cwd (\"/work\")",
            "set RLIMIT_NOFILE to 10:10",
            "drop capability 2 from the bounding set",
            "keep capabilities over the change of user",
            "set the supplementary groups [1000, 5]",
            "become group 1000",
            "become user 1000",
            "set the capabilities",
            "wait to be started",
            "let no descriptor but 0, 1 and 2 survive",
            "exec: \"/bin/true\"");
    assertThat(purposes).doesNotContain("drop capability 0 from the bounding set");
  }

  @Test
  void aCommandWithoutASlashIsLookedUp() {
    LaunchPlan plan =
        ContainerLaunch.compose(Specs.container(ROOT, List.of(), Specs.process("frob")));
    assertThat(purposes(plan))
        .containsSubsequence("exec: \"frob\" in /usr/bin", "exec: \"frob\" in /bin");
    assertThat(plan.steps().getLast())
        .isEqualTo(
            new Step.Fail("exec: \"frob\": executable file not found in $PATH", Errno.ENOENT));
  }

  @Test
  void valuesOfTheEnvironmentAreNotPrinted() {
    assertThat(plan().steps().toString()).doesNotContain("hush").contains("SECRET=…");
  }

  private static List<String> labels(Step.Call call) {
    List<String> labels = new ArrayList<>();
    for (Arg arg : call.arguments()) {
      switch (arg) {
        case Arg.Value v -> labels.add(v.label());
        case Arg.Struct s -> labels.add(s.label());
        default -> {}
      }
    }
    return labels;
  }
}
