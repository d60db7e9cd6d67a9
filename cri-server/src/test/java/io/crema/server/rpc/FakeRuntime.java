package io.crema.server.rpc;

import io.crema.sandbox.PodConnection;
import io.crema.sandbox.PodRuntime;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.StreamSession;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.ContainerEvent;
import io.crema.sandbox.model.ContainerFilter;
import io.crema.sandbox.model.ContainerResources;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.model.ContainerStats;
import io.crema.sandbox.model.ContainerStatus;
import io.crema.sandbox.model.ContainerUser;
import io.crema.sandbox.model.DetailedPodStats;
import io.crema.sandbox.model.DetailedStats;
import io.crema.sandbox.model.EventSubscription;
import io.crema.sandbox.model.ExecResult;
import io.crema.sandbox.model.LayerUsage;
import io.crema.sandbox.model.PodConfig;
import io.crema.sandbox.model.PodFilter;
import io.crema.sandbox.model.PodState;
import io.crema.sandbox.model.PodStats;
import io.crema.sandbox.model.PodStatus;
import io.crema.sandbox.model.ResourceUsage;
import io.crema.sandbox.model.StreamSet;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** A runtime that keeps what it was asked for in maps and runs nothing. */
final class FakeRuntime implements PodRuntime {
  final Map<String, PodStatus> pods = new LinkedHashMap<>();
  final Map<String, ContainerStatus> containers = new LinkedHashMap<>();
  final CountDownLatch execBegan = new CountDownLatch(1);
  final CountDownLatch execInterrupted = new CountDownLatch(1);
  String problem = "";
  String cidrs = "";
  @Nullable Throwable failure;

  private static final ResourceUsage.Pressure PRESSURE =
      new ResourceUsage.Pressure(
          new ResourceUsage.Stall(1, 1.5, 2, 3), new ResourceUsage.Stall(4, 5, 6, 7));
  private static final ResourceUsage USAGE =
      new ResourceUsage(5, 6, -1, 7, 8, -1, -1, -1, -1, -1, -1, 2, PRESSURE, null, PRESSURE);

  final List<FakeEvents> subscribers = new CopyOnWriteArrayList<>();
  @Nullable ContainerResources podOverhead;
  @Nullable ContainerResources podResources;

  /** A subscription whose events a test puts in by hand. */
  final class FakeEvents implements EventSubscription {
    final BlockingQueue<Object> queue = new LinkedBlockingQueue<>();

    @Override
    public ContainerEvent take() throws SandboxException, InterruptedException {
      return switch (queue.take()) {
        case ContainerEvent event -> event;
        case SandboxException e -> throw e;
        default -> throw new AssertionError();
      };
    }

    @Override
    public void close() {
      subscribers.remove(this);
      queue.add(new SandboxException(SandboxException.Code.CANCELLED, "closed"));
    }
  }

  private void fail() throws SandboxException {
    switch (failure) {
      case null -> {}
      case SandboxException e -> throw e;
      case RuntimeException e -> throw e;
      case Throwable e -> throw new AssertionError(e);
    }
  }

  @Override
  public synchronized String runPod(PodConfig config, String handler) throws SandboxException {
    fail();
    String id = "%064x".formatted(pods.size() + 1);
    pods.put(
        id,
        new PodStatus(
            id, config, PodState.READY, 7, List.of("10.88.0.2", "fd00::2"), handler, Map.of()));
    return id;
  }

  @Override
  public void stopPod(String podId) throws SandboxException {
    fail();
  }

  @Override
  public void removePod(String podId) {
    pods.remove(podId);
  }

  @Override
  public PodStatus podStatus(String podId, boolean verbose) throws SandboxException {
    PodStatus pod = pods.get(podId);
    if (pod == null) {
      throw new SandboxException(SandboxException.Code.NOT_FOUND, "no pod " + podId);
    }
    return pod;
  }

  @Override
  public List<PodStatus> listPods(PodFilter filter) {
    return pods.values().stream().filter(p -> p.id().startsWith(filter.id())).toList();
  }

  @Override
  public String createContainer(String podId, ContainerConfig config, PodConfig podConfig) {
    String id = "%064x".formatted(containers.size() + 0x100);
    containers.put(
        id,
        new ContainerStatus(
            id,
            podId,
            config,
            ContainerState.CREATED,
            1,
            2,
            3,
            0,
            "",
            "",
            "sha256:abc",
            "docker.io/library/busybox:1",
            "sha256:abc",
            "/var/log/pods/x/c.log",
            config.resources(),
            new ContainerUser(1000, 1001, List.of(1002L)),
            "SIGRTMIN+3",
            0,
            Map.of("info", "{}")));
    return id;
  }

  @Override
  public void startContainer(String containerId) throws SandboxException {
    fail();
  }

  @Override
  public void stopContainer(String containerId, Duration grace) {}

  @Override
  public void removeContainer(String containerId) {}

  @Override
  public ContainerStatus containerStatus(String containerId, boolean verbose)
      throws SandboxException {
    ContainerStatus container = containers.get(containerId);
    if (container == null) {
      throw new SandboxException(SandboxException.Code.NOT_FOUND, "no container " + containerId);
    }
    return container;
  }

  @Override
  public List<ContainerStatus> listContainers(ContainerFilter filter) {
    return List.copyOf(containers.values());
  }

  /** The command {@code block} blocks until it is interrupted; another answers itself. */
  @Override
  public ExecResult execSync(String containerId, List<String> command, Duration timeout)
      throws SandboxException, InterruptedException {
    fail();
    if (command.equals(List.of("block"))) {
      execBegan.countDown();
      try {
        new CountDownLatch(1).await();
      } finally {
        execInterrupted.countDown();
      }
    }
    return new ExecResult(
        String.join(" ", command).getBytes(StandardCharsets.UTF_8), new byte[0], 3);
  }

  @Override
  public StreamSession exec(String containerId, List<String> command, StreamSet streams) {
    throw new UnsupportedOperationException("exec");
  }

  @Override
  public StreamSession attach(String containerId, StreamSet streams) {
    throw new UnsupportedOperationException("attach");
  }

  @Override
  public PodConnection connect(String podId, int port) {
    throw new UnsupportedOperationException("connect");
  }

  @Override
  public void reopenLog(String containerId) {}

  @Override
  public void updateResources(String containerId, ContainerResources resources) {}

  @Override
  public List<ContainerStats> containerStats(ContainerFilter filter) {
    return containers.values().stream()
        .filter(c -> c.id().startsWith(filter.id()))
        .map(FakeRuntime::stats)
        .toList();
  }

  @Override
  public ContainerStats containerStats(String containerId) throws SandboxException {
    return stats(containerStatus(containerId, false));
  }

  private static ContainerStats stats(ContainerStatus container) {
    return new ContainerStats(container, USAGE, new LayerUsage("/x", 4, 9, 10));
  }

  @Override
  public List<PodStats> podStats(PodFilter filter) {
    return listPods(filter).stream()
        .map(p -> new PodStats(p, USAGE, List.of(), List.of()))
        .toList();
  }

  @Override
  public List<DetailedPodStats> metrics() {
    return pods.values().stream()
        .map(
            p ->
                new DetailedPodStats(
                    p,
                    "/kubepods/pod1",
                    List.of(new PodStats.NetworkUsage("eth0", 1, 2, 3, 4, 5, 6, 7, 8)),
                    containers.values().stream().map(FakeRuntime::detailed).toList()))
        .toList();
  }

  private static DetailedStats detailed(ContainerStatus c) {
    return new DetailedStats(
        c,
        "/kubepods/pod1/" + c.id(),
        new DetailedStats.Cpu(3_500_000_000L, 2_000_000_000L, 1_000_000_000L, 4, 5, 6),
        new DetailedStats.Memory(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14),
        new DetailedStats.Processes(1, 2, 0, 4, 5, -1),
        List.of(new DetailedStats.DeviceIo("/dev/vda", 254, 0, 1, 2, 3, 4)),
        new DetailedStats.Disk("/dev/vda", -1, 100, 10, 9),
        new DetailedStats.Pressures(PRESSURE, null, null));
  }

  @Override
  public EventSubscription events() {
    FakeEvents events = new FakeEvents();
    subscribers.add(events);
    return events;
  }

  @Override
  public void updatePodResources(
      String podId, @Nullable ContainerResources overhead, @Nullable ContainerResources resources)
      throws SandboxException {
    podStatus(podId, false);
    podOverhead = overhead;
    podResources = resources;
  }

  @Override
  public List<String> explain(String containerId) {
    return List.of("unshare mount", "execve /bin/true");
  }

  @Override
  public void updatePodCidr(String cidrs) {
    this.cidrs = cidrs;
  }

  @Override
  public boolean userNamespaces() {
    return true;
  }

  @Override
  public String networkProblem() {
    return problem;
  }

  @Override
  public void close() {}
}
