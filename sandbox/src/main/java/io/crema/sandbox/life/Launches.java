package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.FAILED_PRECONDITION;
import static io.crema.sandbox.SandboxException.Code.INTERNAL;
import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;

import io.crema.image.ImageLease;
import io.crema.image.WritableLayer;
import io.crema.image.model.ImageConfig;
import io.crema.runtime.cgroup.Cgroup;
import io.crema.runtime.cgroup.CgroupPath;
import io.crema.runtime.keeper.HeldKind;
import io.crema.runtime.keeper.LaunchRequest;
import io.crema.runtime.keeper.Launched;
import io.crema.runtime.keeper.Stdio;
import io.crema.runtime.launch.ContainerLaunch;
import io.crema.runtime.launch.ContainerSpec;
import io.crema.runtime.launch.ExecLaunch;
import io.crema.runtime.launch.ExecSpec;
import io.crema.runtime.launch.Joined;
import io.crema.runtime.launch.LaunchPlan;
import io.crema.runtime.launch.ProcessSpec;
import io.crema.runtime.launch.RootFs;
import io.crema.runtime.launch.StdioSpec;
import io.crema.runtime.launch.Stream;
import io.crema.runtime.launch.TemplateMountNamespace;
import io.crema.runtime.launch.UserMap;
import io.crema.runtime.launch.UserNamespaceSpec;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import io.crema.runtime.linux.Processes;
import io.crema.runtime.security.ProcessUser;
import io.crema.runtime.security.UnknownUserException;
import io.crema.runtime.security.UserRequest;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.ContainerSecurity;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.model.NamespaceMode;
import io.crema.sandbox.model.SupplementalGroupsPolicy;
import io.crema.sandbox.store.ContainerRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * From a container's record to a process: composes the plan, gathers its descriptors, asks the
 * keeper.
 */
final class Launches {
  private final Node node;
  private final Users users;
  private final Devices devices;
  private final ContainerMounts mounts;
  private final ProcessSpecs processes;
  private final PodInit inits;
  private final ImageVolumes volumes;

  Launches(
      Node node,
      Users users,
      Devices devices,
      ContainerMounts mounts,
      ProcessSpecs processes,
      PodInit inits,
      ImageVolumes volumes) {
    this.node = node;
    this.users = users;
    this.devices = devices;
    this.mounts = mounts;
    this.processes = processes;
    this.inits = inits;
    this.volumes = volumes;
  }

  Devices devices() {
    return devices;
  }

  /**
   * Whom the container's first process runs as.
   *
   * @throws IllegalArgumentException for one who isn't in the pod's user namespace
   */
  ProcessUser user(Pod pod, ContainerConfig config, ImageLease image)
      throws IOException, UnknownUserException {
    ContainerSecurity security = config.security();
    ProcessUser user =
        users.resolve(
            image.image().id(),
            image.lowerDirectories(),
            new UserRequest(
                security.runAsUser(),
                security.runAsUsername(),
                security.runAsGroup(),
                image.config().user(),
                security.supplementalGroups(),
                security.supplementalGroupsPolicy() == SupplementalGroupsPolicy.STRICT
                    ? UserRequest.GroupPolicy.STRICT
                    : UserRequest.GroupPolicy.MERGE));
    UserMap map = pod.users();
    if (map != null) { // throws for what isn't mapped
      map.hostUidOf(user.uid());
      map.hostGidOf(user.gid());
      user.groups().forEach(map::hostGidOf);
    }
    return user;
  }

  /** What {@code container} is, resolved; also after a restart of the daemon. */
  private ContainerSpec spec(
      Container container, ImageConfig image, ProcessUser user, WritableLayer layer, Cgroup cgroup)
      throws IOException, SandboxException {
    ContainerConfig config = container.record().effective();
    ContainerSecurity security = config.security();
    boolean privileged = security.privileged();
    Pod pod = container.pod();
    ProcessSpec process = processes.of(container, image, user, stdio(config));
    return new ContainerSpec(
        PodInit.joins(pod).keySet(),
        userNamespace(pod, security),
        node.unified(),
        root(layer),
        security.readonlyRootfs(),
        mounts.of(
            pod,
            config,
            cgroup,
            devices.nodes(config),
            users.places(container.record().imageId(), layer.lower())),
        privileged ? List.of() : security.maskedPaths(),
        privileged ? List.of() : security.readonlyPaths(),
        joinNames(cgroup),
        true,
        process);
  }

  /**
   * The plan by which {@code container} was launched, composed again when an earlier daemon
   * launched it.
   */
  LaunchPlan planOf(Container container)
      throws IOException, SandboxException, InterruptedException {
    LaunchPlan known = container.plan();
    if (known != null) {
      return known;
    }
    LaunchPlan plan = ContainerLaunch.compose(specOf(container));
    container.plan(plan);
    return plan;
  }

  /** What {@code container} is, from what is recorded of it. */
  ContainerSpec specOf(Container container)
      throws IOException, SandboxException, InterruptedException {
    ContainerRecord record = container.record();
    WritableLayer layer =
        node.images()
            .writableLayer(record.id())
            .orElseThrow(
                () ->
                    new SandboxException(
                        INTERNAL, container.display() + ": its writable layer is gone"));
    try (ImageLease lease = node.images().lease(record.imageId())) {
      return spec(
          container,
          lease.config(),
          ProcessSpecs.recorded(container),
          layer,
          node.cgroups().open(new CgroupPath(record.cgroup())));
    } catch (NoSuchElementException e) {
      throw new SandboxException(INTERNAL, container.display() + ": its image is gone", e);
    }
  }

  private static @Nullable UserNamespaceSpec userNamespace(Pod pod, ContainerSecurity security) {
    UserMap users = pod.users();
    if (users == null) {
      return null;
    }
    return new UserNamespaceSpec(
        users,
        switch (security.namespaces().pid()) {
          case NODE -> UserNamespaceSpec.Pids.HOST;
          case POD, TARGET -> UserNamespaceSpec.Pids.JOINED;
          case CONTAINER -> UserNamespaceSpec.Pids.NEW;
        });
  }

  private static RootFs root(WritableLayer layer) {
    return new RootFs.Overlay(
        layer.lower().stream().map(Path::toString).toList(),
        layer.upper().toString(),
        layer.work().toString());
  }

  private static StdioSpec stdio(ContainerConfig config) {
    return config.tty()
        ? new StdioSpec.Terminal()
        : new StdioSpec.Streams(
            config.stdin() ? Stream.PIPE : Stream.NULL, Stream.PIPE, Stream.PIPE);
  }

  private static List<String> joinNames(Cgroup cgroup) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < cgroup.joinFiles().size(); i++) {
      names.add("cgroup-" + i);
    }
    return names;
  }

  /** Makes the container's process, which waits to be started. */
  Launched launch(
      Container container, ImageConfig image, ProcessUser user, WritableLayer layer, Cgroup cgroup)
      throws IOException, SandboxException, InterruptedException {
    ContainerRecord record = container.record();
    ContainerConfig config = record.effective();
    Pod pod = container.pod();
    ContainerMounts.makeSources(config);
    LaunchPlan plan = ContainerLaunch.compose(spec(container, image, user, layer, cgroup));
    container.plan(plan);
    try (Rollback close = new Rollback()) {
      Map<String, Fd> slots = new HashMap<>();
      PodInit.joins(pod).forEach((kind, fd) -> slots.put(kind.slot(), fd));
      slots.put(TemplateMountNamespace.SLOT, node.templates().of(pod.users()).namespace());
      slots.put(Stream.NULL_SLOT, node.templates().plain().nullDevice());
      joins(cgroup, slots, close);
      if (ImageVolumes.any(config)) {
        slots.putAll(
            volumes.open(record.id(), config, pod.namespace(HeldKind.USER).orElse(null), close));
      }
      slots.keySet().retainAll(plan.slots());
      LaunchRequest.Builder request =
          LaunchRequest.builder(record.launchId(), record.id(), plan).slots(slots).waiting(true);
      if (config.tty()) {
        request.terminal(new Stdio.Terminal(false, config.stdinOnce()));
      } else {
        request.stdio(
            config.stdin() ? new Stdio.Piped(config.stdinOnce()) : Stdio.DEV_NULL,
            Stdio.LOGGED,
            Stdio.LOGGED);
      }
      if (!record.logPath().isEmpty()) {
        Fd log = LogFile.open(record.logPath());
        close.add(log::close);
        request.log(log);
      }
      Fd born = cgroup.openForClone();
      if (born != null) {
        close.add(born::close);
        request.cgroup(born);
      }
      pids(container, request, close);
      CompletableFuture<Launched> launched = pod.keeper().launch(request.build());
      return Waits.get(launched, container.display() + ": launch");
    }
  }

  private static void joins(Cgroup cgroup, Map<String, Fd> slots, Rollback close)
      throws IOException {
    List<Path> files = cgroup.joinFiles();
    for (int i = 0; i < files.size(); i++) {
      Fd fd = Paths.linux().open(files.get(i).toString(), Paths.O_WRONLY, 0);
      close.add(fd::close);
      slots.put("cgroup-" + i, fd);
    }
  }

  private void pids(Container container, LaunchRequest.Builder request, Rollback close)
      throws IOException, SandboxException, InterruptedException {
    var ns = container.record().config().security().namespaces();
    switch (ns.pid()) {
      case CONTAINER -> {
        if (container.pod().users() == null) { // else it belongs to these, by a step of the plan
          request.cloneFlags(LaunchRequest.CLONE_NEWPID);
        }
      }
      case POD -> request.pidNamespace(inits.sharedPids(container.pod()));
      case NODE -> {} // the keeper's is the host's
      case TARGET -> {
        Container target = node.container(ns.targetId());
        if (target.pod() != container.pod()) {
          throw new SandboxException(
              INVALID_ARGUMENT,
              container.display() + ": target_id " + ns.targetId() + " is of another pod");
        }
        Fd pids = firstProcess(target, "ns/pid");
        close.add(pids::close);
        request.pidNamespace(pids);
      }
    }
  }

  /**
   * Opens {@code file} of the container's first process, surely of that one and not of a later with
   * its id.
   */
  private static Fd firstProcess(Container container, String file)
      throws IOException, SandboxException {
    ContainerRecord record = container.record();
    try (Fd pidfd = pidfd(container)) {
      Fd opened = Paths.linux().open("/proc/" + record.pid() + "/" + file, Paths.O_RDONLY, 0);
      // Unless it has ended meanwhile, what was opened is its own.
      Processes.linux().signal(pidfd, 0);
      return opened;
    }
  }

  /** A descriptor of the container's first process. */
  private static Fd pidfd(Container container) throws IOException, SandboxException {
    ContainerRecord record = container.record();
    if (record.state() != ContainerState.RUNNING) {
      throw new SandboxException(
          FAILED_PRECONDITION, container.display() + " is " + record.state() + ", not RUNNING");
    }
    return Processes.linux().pidfd(record.pid());
  }

  /** Starts a command in a running container. */
  CompletableFuture<Launched> exec(
      Container container, List<String> command, long launchId, ExecStdio stdio)
      throws IOException, SandboxException, InterruptedException {
    ContainerRecord record = container.record();
    Cgroup cgroup = node.cgroups().open(new CgroupPath(record.cgroup()));
    try (Rollback close = new Rollback();
        Fd target = pidfd(container)) {
      ProcessSpec process = stdio.process(processes.again(container), command);
      Set<Joined> joins = EnumSet.of(Joined.MOUNT);
      joins.addAll(PodInit.joins(container.pod()).keySet());
      if (node.unified()) {
        joins.add(Joined.CGROUP);
      }
      LaunchPlan plan =
          ExecLaunch.compose(
              new ExecSpec(joins, container.pod().users(), joinNames(cgroup), process));
      Map<String, Fd> slots = new HashMap<>();
      slots.put(ExecLaunch.TARGET_SLOT, target);
      slots.put(Stream.NULL_SLOT, node.templates().plain().nullDevice());
      joins(cgroup, slots, close);
      slots.keySet().retainAll(plan.slots());
      LaunchRequest.Builder request =
          LaunchRequest.builder(launchId, "exec-" + Long.toHexString(launchId), plan)
              .slots(slots)
              .ephemeral(true);
      stdio.connect(request);
      Fd born = cgroup.openForClone();
      if (born != null) {
        close.add(born::close);
        request.cgroup(born);
      }
      @Nullable Fd pids = pidNamespace(container, close);
      if (pids != null) {
        request.pidNamespace(pids);
      }
      return container.pod().keeper().launch(request.build());
    }
  }

  private @Nullable Fd pidNamespace(Container container, Rollback close)
      throws IOException, SandboxException, InterruptedException {
    NamespaceMode mode = container.record().config().security().namespaces().pid();
    return switch (mode) {
      case NODE -> null;
      case POD -> inits.sharedPids(container.pod());
      case CONTAINER, TARGET -> {
        Fd pids = firstProcess(container, "ns/pid");
        close.add(pids::close);
        yield pids;
      }
    };
  }
}
