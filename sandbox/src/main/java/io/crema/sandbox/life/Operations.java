package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.INTERNAL;
import static io.crema.sandbox.SandboxException.Code.UNAVAILABLE;

import io.crema.cni.NetworkException;
import io.crema.cni.NetworkStatus;
import io.crema.cni.PodNetwork;
import io.crema.image.ImageService;
import io.crema.runtime.cgroup.Cgroup;
import io.crema.runtime.cgroup.CgroupPath;
import io.crema.runtime.cgroup.Cgroups;
import io.crema.runtime.cgroup.Resources;
import io.crema.runtime.keeper.Keeper;
import io.crema.runtime.keeper.KeeperLoop;
import io.crema.runtime.keeper.Nursery;
import io.crema.runtime.launch.PlanPrinter;
import io.crema.runtime.launch.Templates;
import io.crema.runtime.linux.Mounts;
import io.crema.runtime.linux.Paths;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.SandboxSettings;
import io.crema.sandbox.cdi.CdiRegistry;
import io.crema.sandbox.model.ContainerStats;
import io.crema.sandbox.model.ContainerStatus;
import io.crema.sandbox.model.PodStatus;
import io.crema.sandbox.store.ContainerRecord;
import io.crema.sandbox.store.Index;
import io.crema.sandbox.store.PodRecord;
import io.crema.sandbox.store.RecordStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Makes the node's operations and wires them together, by hand. */
public final class Operations implements AutoCloseable {
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  private final Node node;
  private final OutputLoop outputs;
  private final Statuses statuses;
  private final Stats stats;
  private final LayerCounts layerCounts;
  private final Metrics metrics;
  private final RunPod runPod;
  private final StopPod stopPod;
  private final CreateContainer createContainer;
  private final StartContainer startContainer;
  private final StopContainer stopContainer;
  private final RemoveContainer removeContainer;
  private final ExecSync execSync;
  private final StreamLoop streams;
  private final Exec exec;
  private final Attach attach;
  private final Connect connect;
  private final Launches launches;
  private final Updates updates;
  private final VerboseInfo verboseInfo;
  private final Recovery recovery;

  private Operations(Node node, OutputLoop outputs) throws IOException {
    this.node = node;
    this.outputs = outputs;
    PodDirectory directories = new PodDirectory(Mounts.linux());
    PodInit inits = new PodInit(node.templates());
    ImageVolumes volumes = new ImageVolumes(node.images(), Mounts.linux(), Paths.linux());
    launches =
        new Launches(
            node,
            new Users(Mounts.linux()),
            new Devices(Paths.linux()),
            new ContainerMounts(node.unified()),
            new ProcessSpecs(node),
            inits,
            volumes);
    ContainerExit containerExits = new ContainerExit(node);
    statuses = new Statuses(node);
    layerCounts = new LayerCounts(node.images());
    stats = new Stats(node, statuses, layerCounts);
    metrics = new Metrics(node, statuses, stats, layerCounts);
    stopContainer = new StopContainer(node);
    removeContainer = new RemoveContainer(node, stopContainer, containerExits, volumes);
    stopPod = new StopPod(node, removeContainer, inits, directories);
    Exits exits = new Exits(node.executor(), this::lost);
    recovery = new Recovery(node, exits, containerExits, stopPod, volumes);
    runPod = new RunPod(node, exits, directories, inits);
    createContainer =
        new CreateContainer(
            node,
            launches,
            containerExits,
            volumes,
            new CdiDevices(new CdiRegistry(node.settings().cdiDirectories()), Paths.linux()));
    startContainer = new StartContainer(node, launches, containerExits);
    execSync = new ExecSync(node, launches, outputs);
    streams = new StreamLoop();
    exec = new Exec(node, launches, streams);
    attach = new Attach(node, streams);
    connect = new Connect(node, streams);
    updates = new Updates(node);
    verboseInfo = new VerboseInfo(launches);
  }

  /** Takes up what an earlier daemon left, and is ready. */
  public static Operations open(SandboxSettings settings, ImageService images, PodNetwork network)
      throws IOException, InterruptedException {
    Files.createDirectories(settings.state().resolve("pods"));
    try (Rollback rollback = new Rollback()) {
      ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
      rollback.add(executor::close);
      KeeperLoop keepers = KeeperLoop.start();
      rollback.add(keepers::close);
      Cgroups cgroups = Cgroups.detect();
      Nursery nursery = Nursery.start(keepers);
      rollback.add(nursery::close);
      place(nursery, cgroups, new CgroupPath(settings.keeperCgroup()));
      Templates templates = Templates.create();
      rollback.add(templates::close);
      OutputLoop outputs = OutputLoop.start();
      rollback.add(outputs::close);
      Node node =
          new Node(
              settings,
              network,
              images,
              cgroups,
              keepers,
              nursery,
              templates,
              new RecordStore<>(settings.root().resolve("pods"), PodRecord.class),
              new RecordStore<>(settings.root().resolve("containers"), ContainerRecord.class),
              new Index<>(),
              new Index<>(),
              Node.noNames(),
              executor,
              Files.readString(BOOT_ID).strip(),
              new Events());
      Operations operations = new Operations(node, outputs);
      operations.recovery.run();
      rollback.keep();
      return operations;
    }
  }

  /** Gives the nursery, and so all keepers, a cgroup that doesn't end with the daemon's. */
  private static void place(Nursery nursery, Cgroups cgroups, CgroupPath path) throws IOException {
    Cgroup cgroup = cgroups.open(path);
    if (Files.notExists(cgroup.directories().getFirst())) {
      cgroup = cgroups.create(path, Resources.NONE);
    }
    cgroup.add(nursery.pid());
  }

  private void lost(Pod pod, io.crema.runtime.keeper.Closed why) {
    try {
      recovery.ended(pod);
    } catch (IOException | SandboxException e) {
      System.getLogger("io.crema.sandbox")
          .log(
              System.Logger.Level.ERROR,
              pod.display() + ": could not be ended after " + why.reason(),
              e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  public RunPod runPod() {
    return runPod;
  }

  public StopPod stopPod() {
    return stopPod;
  }

  public CreateContainer createContainer() {
    return createContainer;
  }

  public StartContainer startContainer() {
    return startContainer;
  }

  public StopContainer stopContainer() {
    return stopContainer;
  }

  public RemoveContainer removeContainer() {
    return removeContainer;
  }

  public ExecSync execSync() {
    return execSync;
  }

  public Exec exec() {
    return exec;
  }

  public Attach attach() {
    return attach;
  }

  public Connect connect() {
    return connect;
  }

  public Updates updates() {
    return updates;
  }

  public Statuses statuses() {
    return statuses;
  }

  public Events events() {
    return node.events();
  }

  public Stats stats() {
    return stats;
  }

  public PodStatus podStatus(String podId, boolean verbose) throws SandboxException {
    Pod pod = node.pod(podId);
    return verbose ? Statuses.of(pod, verboseInfo.of(pod)) : Statuses.of(pod);
  }

  public ContainerStatus containerStatus(String containerId, boolean verbose)
      throws SandboxException {
    Container container = node.container(containerId);
    return verbose ? Statuses.of(container, verboseInfo.of(container)) : Statuses.of(container);
  }

  public Metrics metrics() {
    return metrics;
  }

  public ContainerStats containerStats(String containerId)
      throws SandboxException, InterruptedException {
    return stats.container(node.container(containerId));
  }

  /** The container's launch plan, one line a step. */
  public List<String> explain(String containerId) throws SandboxException {
    Container container = node.container(containerId);
    try {
      return PlanPrinter.lines(launches.planOf(container));
    } catch (IOException e) {
      throw new SandboxException(INTERNAL, container.display() + ": explain: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SandboxException(UNAVAILABLE, container.display() + ": explain: interrupted", e);
    }
  }

  public void updatePodCidr(String cidrs) throws SandboxException {
    try {
      node.network().updatePodCidr(cidrs);
    } catch (NetworkException e) {
      throw new SandboxException(Networks.code(e), "pod CIDR " + cidrs + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SandboxException(UNAVAILABLE, "pod CIDR " + cidrs + ": interrupted", e);
    }
  }

  /** Whether pods can have user namespaces. */
  public boolean userNamespaces() {
    return UserNamespaces.supported();
  }

  /** Empty when the network is ready. */
  public String networkProblem() {
    NetworkStatus status = node.network().status();
    return status.ready() ? "" : status.message();
  }

  /** Lets go of everything; keepers and containers live on. */
  @Override
  public void close() {
    node.events().close();
    layerCounts.close();
    node.executor().shutdownNow();
    for (Pod pod : node.pods().all()) {
      pod.keeperIfAlive().ifPresent(Keeper::close);
      pod.closeNamespaces();
    }
    outputs.close();
    streams.close();
    node.keepers().close();
    node.nursery().close();
    leaveCgroup();
    node.templates().close();
    node.network().close();
  }

  /** Removes the keepers' cgroup when no keeper is left that lives in it. */
  private void leaveCgroup() {
    Cgroup cgroup = node.cgroups().open(new CgroupPath(node.settings().keeperCgroup()));
    try {
      if (cgroup.processes().isEmpty()) {
        cgroup.remove(Duration.ofSeconds(2));
      }
    } catch (IOException e) {
      System.getLogger("io.crema.sandbox")
          .log(System.Logger.Level.WARNING, "the keepers' cgroup " + cgroup.path() + " stays", e);
    }
  }
}
