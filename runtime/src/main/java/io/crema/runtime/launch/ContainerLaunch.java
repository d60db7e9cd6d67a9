package io.crema.runtime.launch;

import io.crema.runtime.linux.Mounts;
import io.crema.runtime.linux.Sys;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Composes the launch of a container.
 *
 * <p>In order: cgroups; everything of the host that is needed, opened as detached mounts, still in
 * the host's mount namespace; a copy of the empty {@link TemplateMountNamespace}, so that neither
 * the cost nor what could leak depends on the host's mounts; the root becomes "/"; mounts are put
 * in place by descriptors; protections; then what {@link ProcessSteps} does. In a user namespace
 * the host's part is done by the host's root, the rest by the namespace's, in a process that
 * belongs to it with everything that it makes. Slots: {@link Joined#slot} of {@link
 * ContainerSpec#joins}, {@link TemplateMountNamespace#SLOT}, {@link Stream#NULL_SLOT} and the
 * streams, and the cgroup joins.
 */
public final class ContainerLaunch {
  private final ContainerSpec spec;
  private final PlanBuilder plan = new PlanBuilder();
  private final PlanCalls calls = new PlanCalls(plan);
  private final ProcessSteps process = new ProcessSteps(calls);
  private final MountSteps mounts;
  private final ProtectSteps protect = new ProtectSteps(calls);

  private ContainerLaunch(ContainerSpec spec) {
    this.spec = spec;
    this.mounts = new MountSteps(calls, spec);
  }

  /** The plan for {@code spec}. */
  public static LaunchPlan compose(ContainerSpec spec) {
    return new ContainerLaunch(spec).compose();
  }

  private LaunchPlan compose() {
    process.hide();
    process.joinCgroups(spec.cgroupJoins());
    process.attributes(spec.process());
    Arg root = enter(spec.user());
    protect.prepare(spec.maskedPaths());
    takeRoot(root);
    ContainerPaths paths = new ContainerPaths(calls, root);
    for (MountSpec mount : spec.mounts()) {
      mounts.attach(mount, paths);
    }
    process.session();
    streams(paths);
    if (!ContainerPaths.clean(spec.process().cwd()).isEmpty()) {
      paths.directory("make cwd (\"" + spec.process().cwd() + "\")", spec.process().cwd());
    }
    spec.readonlyPaths().forEach(p -> protect.readonly(p, paths));
    spec.maskedPaths().forEach(p -> protect.mask(p, paths));
    finishRoot(root);
    process.become(spec.process(), spec.waits());
    return plan.build();
  }

  /**
   * Opens what is needed of the host and goes into the container's namespaces; answers the
   * container's root.
   */
  private Arg enter(@Nullable UserNamespaceSpec user) {
    if (user == null) {
      Arg root = mounts.prepareRoot(spec.root());
      mounts.prepare();
      NamespaceSteps.leaveHost(calls);
      NamespaceSteps.join(calls, process, spec.joins());
      NamespaceSteps.ownMounts(calls, spec.newCgroupNamespace());
      return root;
    }
    MappedRoot mapped = new MappedRoot(calls, user.map(), spec.root());
    process.prepareForUsers(spec.process(), user.map());
    mapped.open();
    mounts.prepare();
    NamespaceSteps.leaveHost(calls);
    NamespaceSteps.ownMounts(calls, false); // what MappedRoot attaches is nobody else's business
    Arg root = mapped.mount();
    NamespaceSteps.join(calls, process, spec.joins());
    if (user.pids() == UserNamespaceSpec.Pids.NEW) {
      NamespaceSteps.newPids(plan);
    }
    NamespaceSteps.ownMounts(calls, spec.newCgroupNamespace());
    mounts.prepareRevealing();
    return root;
  }

  /** Makes {@code root} the mount namespace's root and the process's. */
  private void takeRoot(Arg root) {
    String purpose = "make the container's root /";
    calls.attachAt(purpose, Set.of(), root, PlanCalls.CWD, TemplateMountNamespace.ROOT_DIRECTORY);
    plan.call(purpose, Sys.FCHDIR, root);
    plan.call(purpose, Sys.PIVOT_ROOT, Arg.of("."), Arg.of("."));
    // the template's root is on top of the container's now, at "."
    plan.call(
        "leave the template", Sys.UMOUNT2, Arg.of("."), Arg.of(Mounts.MNT_DETACH, "MNT_DETACH"));
  }

  private void streams(ContainerPaths paths) {
    switch (spec.process().stdio()) {
      case StdioSpec.Streams s ->
          process.streams(s, spec.user() == null ? spec.process().uid() : 0); // given already
      case StdioSpec.Terminal _ -> {
        Arg devpts = paths.ownMount("/dev/pts");
        if (devpts == null) {
          throw new IllegalArgumentException(
              "a terminal needs the container's own /dev/pts, which another mount covers");
        }
        Arg terminal = process.terminal(devpts, "ptmx", spec.process().uid());
        String purpose = "show the terminal as /dev/console";
        Arg console = paths.file(purpose, "/dev/console");
        Arg copy = calls.cloneTree(purpose, Set.of(), terminal, false);
        calls.attach(purpose, Set.of(), copy, console);
        process.takeTerminal(terminal);
      }
    }
  }

  private void finishRoot(Arg root) {
    boolean shares =
        spec.mounts().stream()
            .anyMatch(
                m ->
                    m instanceof MountSpec.Bind b
                        && b.propagation() == MountSpec.Propagation.BIDIRECTIONAL);
    if (spec.readonlyRoot() || shares) {
      calls.setAttributes(
          spec.readonlyRoot() ? "make the root read-only" : "let mounts in the root propagate",
          Set.of(),
          root,
          false,
          spec.readonlyRoot() ? Mounts.MOUNT_ATTR_RDONLY : 0,
          shares ? Mounts.MS_SHARED : 0,
          null);
    }
  }
}
