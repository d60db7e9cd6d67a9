package io.crema.runtime.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.runtime.launch.UserNamespaceSpec.Pids;
import io.crema.runtime.linux.Namespaces;
import io.crema.runtime.linux.Sys;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class UserNamespaceLaunchTest {
  private static final UserMap USERS = new UserMap(100_000, 65_536, 200_000, 65_536);
  private static final RootFs ROOT =
      new RootFs.Overlay(
          List.of("/images/layers/top/fs", "/images/layers/base/fs"),
          "/images/containers/c/upper",
          "/images/containers/c/work");
  private static final Set<Joined> ALL =
      EnumSet.of(Joined.USER, Joined.NET, Joined.IPC, Joined.UTS);

  private static ContainerSpec spec(Set<Joined> joins, Pids pids, ProcessSpec process) {
    List<MountSpec> mounts =
        new ArrayList<>(StandardMounts.list(List.of(), false, "/pods/shm", List.of(), USERS));
    mounts.add(
        new MountSpec.Bind(
            "/srv/x", "/data", true, false, false, MountSpec.Propagation.PRIVATE, 0, true));
    return new ContainerSpec(
        joins,
        new UserNamespaceSpec(USERS, pids),
        true,
        ROOT,
        false,
        mounts,
        StandardMounts.MASKED_PATHS,
        StandardMounts.READONLY_PATHS,
        List.of(),
        true,
        process);
  }

  private static List<String> lines(Set<Joined> joins, Pids pids) {
    return PlanPrinter.lines(ContainerLaunch.compose(spec(joins, pids, Specs.process("/bin/true"))))
        .stream()
        .map(l -> l.replaceFirst("^ *\\d+ *", ""))
        .toList();
  }

  private static int at(List<String> lines, String part) {
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains(part)) {
        return i;
      }
    }
    throw new AssertionError("no line with " + part + " in:\n" + String.join("\n", lines));
  }

  @Test
  void theHostsRootOpensAndMapsAndTheNamespacesRootMounts() {
    List<String> lines = lines(ALL, Pids.NEW);
    int join = at(lines, "join the pod's user namespace");
    assertThat(
            List.of(
                at(lines, "map the ids of /images/layers"),
                at(lines, "give the writable layer to the container's root"),
                at(lines, "mknodat("),
                at(lines, "mount /data (hostPath /srv/x): map the ids of its files"),
                at(lines, "leave the host's mounts"),
                at(lines, "mount / (overlay): make the mount")))
        .isSorted()
        .allMatch(i -> i < join);
    assertThat(
            List.of(
                join,
                at(lines, "be root in the user namespace"),
                at(lines, "join the pod's net namespace"),
                at(lines, "clone(CLONE_PARENT|CLONE_NEWPID)"),
                at(lines, "have mounts of its own and see its own cgroup only"),
                at(lines, "mount /proc (proc): make the mount"),
                at(lines, "mount /sys (sysfs): make the mount"),
                at(lines, "leave the template"),
                at(lines, "mount /dev/pts (devpts): make the mount"),
                at(lines, "mount /dev/mqueue (mqueue): make the mount"),
                at(lines, "set the capabilities")))
        .isSorted();
  }

  @Test
  void allLayersAreShownByOneMappedMountAndTheUpperOneByAPlainOne() {
    List<String> lines = lines(ALL, Pids.NEW);
    assertThat(lines.stream().filter(l -> l.contains("MOUNT_ATTR_IDMAP")))
        .as("the layers and one volume")
        .hasSize(2);
    assertThat(lines)
        .containsSubsequence(
            lines.get(at(lines, "set lowerdir+=/layers/top/fs")),
            lines.get(at(lines, "set lowerdir+=/layers/base/fs")),
            lines.get(at(lines, "set upperdir=/writable/upper")),
            lines.get(at(lines, "set workdir=/writable/work")),
            lines.get(at(lines, "umount2(\"/layers\", MNT_DETACH)")),
            lines.get(at(lines, "umount2(\"/writable\", MNT_DETACH)")));
    assertThat(lines.get(at(lines, "give the writable layer")))
        .contains("\"/images/containers/c/upper\", 0x186a0, 0x30d40, AT_SYMLINK_NOFOLLOW");
  }

  @Test
  void whatShowsANamespaceOfTheHostIsMountedByTheHostsRoot() {
    List<String> lines = lines(EnumSet.of(Joined.USER), Pids.HOST);
    int join = at(lines, "join the pod's user namespace");
    assertThat(
            List.of(
                at(lines, "mount /proc (proc): make the mount"),
                at(lines, "mount /sys (sysfs): make the mount"),
                at(lines, "mount /dev/mqueue (mqueue): make the mount")))
        .allMatch(i -> i < join);
    assertThat(lines).noneMatch(l -> l.startsWith("clone("));
  }

  @Test
  void standardDevicesBelongToTheContainersRootAndOthersToTheHosts() {
    List<MountSpec> mounts =
        StandardMounts.list(
            List.of(new DeviceNode("/dev/sda", true, 8, 0, 0660, 0, 6)),
            true,
            "/shm",
            List.of(),
            USERS);
    assertThat(mounts)
        .filteredOn(m -> m instanceof MountSpec.Dev)
        .singleElement()
        .satisfies(
            m ->
                assertThat(((MountSpec.Dev) m).devices())
                    .contains(
                        new DeviceNode("/dev/null", false, 1, 3, 0666, 100_000, 200_000),
                        new DeviceNode("/dev/sda", true, 8, 0, 0660, 0, 6)));
  }

  @Test
  void pipesAreGivenToTheContainersUserByItsIdOnTheHost() {
    ProcessSpec p = Specs.process("/bin/true");
    ProcessSpec user =
        new ProcessSpec(
            p.args(),
            p.env(),
            "/",
            1000,
            1000,
            List.of(),
            0,
            0,
            true,
            List.of(Rlimit.nofile(16, 16)),
            null,
            null,
            "",
            "",
            p.stdio());
    List<String> lines =
        PlanPrinter.lines(ContainerLaunch.compose(spec(ALL, Pids.NEW, user))).stream().toList();
    int join = at(lines, "join the pod's user namespace");
    assertThat(at(lines, "give stdout to user 101000")).isLessThan(join);
    assertThat(lines).noneMatch(l -> l.contains("give stdout to user 1000"));
    assertThat(lines.get(at(lines, "raise RLIMIT_NOFILE"))).contains("1024:1024");
    assertThat(at(lines, "raise RLIMIT_NOFILE")).isLessThan(join);
    assertThat(at(lines, "set RLIMIT_NOFILE to 16:16")).isGreaterThan(join);
  }

  @Test
  void afterEveryChangeOfCredentialsTheLaunchHidesAgain() {
    LaunchPlan plan =
        ExecLaunch.compose(
            new ExecSpec(
                EnumSet.of(Joined.USER, Joined.MOUNT),
                USERS,
                List.of(),
                Specs.process("/bin/true")));
    List<String> purposes = plan.steps().stream().map(Step::purpose).toList();
    assertThat(purposes)
        .containsSubsequence(
            "keep the container from looking into the launch",
            "give stdout to user 100000",
            "join the container's namespaces",
            "be root in the user namespace",
            "keep the launch hidden");
  }

  @Test
  void theInitOfAPodsPidsIsSomebodyWhoIsMapped() {
    LaunchPlan plan = PodInitLaunch.compose(ALL, new UserMap(1000, 10, 1000, 20), List.of(), null);
    List<String> purposes = plan.steps().stream().map(Step::purpose).toList();
    assertThat(purposes).contains("become user 9", "become group 19");
    assertThat(plan.steps())
        .filteredOn(s -> s instanceof Step.Clone)
        .singleElement()
        .satisfies(s -> assertThat(((Step.Clone) s).flags()).isEqualTo(Namespaces.CLONE_NEWPID));
  }

  @Test
  void everyPlanCanBeEncoded() {
    LaunchPlan plan = ContainerLaunch.compose(spec(ALL, Pids.NEW, Specs.process("/bin/true")));
    assertThat(PlanCodec.encode(plan)).hasSizeLessThan(64 * 1024);
    assertThat(plan.steps().stream().filter(s -> s instanceof Step.Call c && c.sys() == Sys.SETNS))
        .hasSize(5);
  }

  @Test
  void aSpecificationSaysBothThatThereIsAUserNamespaceAndWhatItMaps() {
    ProcessSpec process = Specs.process("/bin/true");
    assertThatThrownBy(() -> spec(EnumSet.of(Joined.NET), Pids.NEW, process))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> new ExecSpec(EnumSet.of(Joined.USER, Joined.MOUNT), null, List.of(), process))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anIdThatIsNotMappedIsRefusedByName() {
    assertThat(USERS.hostUidOf(65_535)).isEqualTo(165_535);
    assertThatThrownBy(() -> USERS.hostUidOf(65_536))
        .hasMessage("user 65536 is not in the pod's user namespace, which has users 0 to 65535");
    assertThatThrownBy(() -> USERS.hostGidOf(-2)).hasMessageContaining("group 4294967294");
    assertThatThrownBy(() -> new UserMap(0xffff_fff0L, 16, 0, 1))
        .hasMessageContaining("not a range");
    assertThatThrownBy(() -> new UserMap(0, 1, 0, 0)).hasMessageContaining("not a range");
    assertThat(USERS.uidMap()).isEqualTo("0 100000 65536\n");
    assertThat(new UserMap(0xffff_ff00L, 16, 0, 1).hostUidOf(1)).isEqualTo(0xffff_ff01);
  }

  @Test
  void layersAreAllBelowTheDirectoryThatIsMapped() {
    assertThat(MappedRoot.above(List.of("/a/l/x/fs", "/a/l/y/fs"))).isEqualTo("/a/l");
    assertThat(MappedRoot.above(List.of("/a/l/x/fs"))).isEqualTo("/a/l/x");
    assertThat(MappedRoot.above(List.of("/a/b", "/c/d"))).isEqualTo("/");
    assertThat(MappedRoot.above(List.of("/a/../b/c", "/b/d"))).isEqualTo("/b");
  }
}
