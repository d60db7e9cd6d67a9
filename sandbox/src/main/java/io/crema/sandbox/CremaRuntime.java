package io.crema.sandbox;

import io.crema.cni.PodNetwork;
import io.crema.image.ImageService;
import io.crema.sandbox.life.Operations;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.ContainerFilter;
import io.crema.sandbox.model.ContainerResources;
import io.crema.sandbox.model.ContainerStats;
import io.crema.sandbox.model.ContainerStatus;
import io.crema.sandbox.model.DetailedPodStats;
import io.crema.sandbox.model.EventSubscription;
import io.crema.sandbox.model.ExecResult;
import io.crema.sandbox.model.PodConfig;
import io.crema.sandbox.model.PodFilter;
import io.crema.sandbox.model.PodStats;
import io.crema.sandbox.model.PodStatus;
import io.crema.sandbox.model.StreamSet;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@link PodRuntime} on this machine. */
public final class CremaRuntime implements PodRuntime {
  private final Operations operations;

  private CremaRuntime(Operations operations) {
    this.operations = operations;
  }

  /**
   * Takes up what an earlier daemon left and is ready for requests. The runtime owns {@code
   * network}; {@code images} stays the caller's.
   */
  public static CremaRuntime open(SandboxSettings settings, ImageService images, PodNetwork network)
      throws IOException, InterruptedException {
    return new CremaRuntime(Operations.open(settings, images, network));
  }

  @Override
  public String runPod(PodConfig config, String runtimeHandler)
      throws SandboxException, InterruptedException {
    return operations.runPod().run(config, runtimeHandler);
  }

  @Override
  public void stopPod(String podId) throws SandboxException, InterruptedException {
    operations.stopPod().stop(podId);
  }

  @Override
  public void removePod(String podId) throws SandboxException, InterruptedException {
    operations.stopPod().remove(podId);
  }

  @Override
  public PodStatus podStatus(String podId, boolean verbose) throws SandboxException {
    return operations.podStatus(podId, verbose);
  }

  @Override
  public List<PodStatus> listPods(PodFilter filter) {
    return operations.statuses().list(filter);
  }

  @Override
  public String createContainer(String podId, ContainerConfig config, PodConfig podConfig)
      throws SandboxException, InterruptedException {
    return operations.createContainer().create(podId, config);
  }

  @Override
  public void startContainer(String containerId) throws SandboxException, InterruptedException {
    operations.startContainer().start(containerId);
  }

  @Override
  public void stopContainer(String containerId, Duration grace)
      throws SandboxException, InterruptedException {
    operations.stopContainer().stop(containerId, grace);
  }

  @Override
  public void removeContainer(String containerId) throws SandboxException, InterruptedException {
    operations.removeContainer().remove(containerId);
  }

  @Override
  public ContainerStatus containerStatus(String containerId, boolean verbose)
      throws SandboxException {
    return operations.containerStatus(containerId, verbose);
  }

  @Override
  public List<ContainerStatus> listContainers(ContainerFilter filter) {
    return operations.statuses().list(filter);
  }

  @Override
  public ExecResult execSync(String containerId, List<String> command, Duration timeout)
      throws SandboxException, InterruptedException {
    return operations.execSync().run(containerId, command, timeout);
  }

  @Override
  public StreamSession exec(String containerId, List<String> command, StreamSet streams)
      throws SandboxException, InterruptedException {
    return operations.exec().start(containerId, command, streams);
  }

  @Override
  public StreamSession attach(String containerId, StreamSet streams)
      throws SandboxException, InterruptedException {
    return operations.attach().attach(containerId, streams);
  }

  @Override
  public PodConnection connect(String podId, int port)
      throws SandboxException, InterruptedException {
    return operations.connect().connect(podId, port);
  }

  @Override
  public void reopenLog(String containerId) throws SandboxException, InterruptedException {
    operations.updates().reopenLog(containerId);
  }

  @Override
  public void updateResources(String containerId, ContainerResources resources)
      throws SandboxException, InterruptedException {
    operations.updates().resources(containerId, resources);
  }

  @Override
  public void updatePodResources(
      String podId, @Nullable ContainerResources overhead, @Nullable ContainerResources resources)
      throws SandboxException {
    operations.updates().podResources(podId, overhead, resources);
  }

  @Override
  public ContainerStats containerStats(String containerId)
      throws SandboxException, InterruptedException {
    return operations.containerStats(containerId);
  }

  @Override
  public List<ContainerStats> containerStats(ContainerFilter filter) throws InterruptedException {
    return operations.stats().containers(filter);
  }

  @Override
  public List<PodStats> podStats(PodFilter filter) throws InterruptedException {
    return operations.stats().pods(filter);
  }

  @Override
  public List<DetailedPodStats> metrics() throws InterruptedException {
    return operations.metrics().pods();
  }

  @Override
  public EventSubscription events() {
    return operations.events().subscribe();
  }

  @Override
  public List<String> explain(String containerId) throws SandboxException {
    return operations.explain(containerId);
  }

  @Override
  public void updatePodCidr(String cidrs) throws SandboxException {
    operations.updatePodCidr(cidrs);
  }

  @Override
  public boolean userNamespaces() {
    return operations.userNamespaces();
  }

  @Override
  public String networkProblem() {
    return operations.networkProblem();
  }

  @Override
  public void close() {
    operations.close();
  }
}
