package io.crema.sandbox;

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
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pods and containers: what a CRI client can ask for.
 *
 * <p>Every method may be called from many threads at once, blocks until what it names is done, and
 * may be interrupted: the caller then gets {@link InterruptedException}, while work that has begun
 * goes on to a consistent end on its own deadline, and a repeated request joins it. Ids may be
 * abbreviated where the client gives one, as long as they stay unique.
 */
public interface PodRuntime extends PodStreams, AutoCloseable {
  /**
   * Makes a sandbox that is ready: namespaces, network, keeper. A repeated request (same metadata)
   * joins the attempt that runs or answers the sandbox that is ready.
   *
   * @return the sandbox's id, 64 hexadecimal digits
   */
  String runPod(PodConfig config, String runtimeHandler)
      throws SandboxException, InterruptedException;

  /**
   * Ends all of the pod's processes and gives up its network. Unknown or stopped: nothing to do.
   */
  void stopPod(String podId) throws SandboxException, InterruptedException;

  /** Stops and forgets the pod and its containers. Unknown: nothing to do. */
  void removePod(String podId) throws SandboxException, InterruptedException;

  /** The sandbox; NOT_FOUND when there is none. {@code verbose} fills {@code info}. */
  PodStatus podStatus(String podId, boolean verbose) throws SandboxException;

  List<PodStatus> listPods(PodFilter filter);

  /**
   * Makes a container in state CREATED. {@code podConfig} is what the client sent along; the
   * sandbox's own record decides.
   */
  String createContainer(String podId, ContainerConfig config, PodConfig podConfig)
      throws SandboxException, InterruptedException;

  /**
   * Returns once {@code execve} succeeded; on failure the container is EXITED with 128 and
   * StartError.
   */
  void startContainer(String containerId) throws SandboxException, InterruptedException;

  /**
   * Stop signal, then SIGKILL after {@code grace}; returns when the process is gone. Unknown or
   * exited: nothing to do.
   */
  void stopContainer(String containerId, Duration grace)
      throws SandboxException, InterruptedException;

  /** Ends and forgets the container. Unknown: nothing to do. */
  void removeContainer(String containerId) throws SandboxException, InterruptedException;

  /** The container; NOT_FOUND when there is none. */
  ContainerStatus containerStatus(String containerId, boolean verbose) throws SandboxException;

  List<ContainerStatus> listContainers(ContainerFilter filter);

  /**
   * Runs a command to its end; zero {@code timeout} is none. DEADLINE_EXCEEDED when it was ended
   * for time.
   */
  ExecResult execSync(String containerId, List<String> command, Duration timeout)
      throws SandboxException, InterruptedException;

  /** Opens the log file anew after the client has renamed it. */
  void reopenLog(String containerId) throws SandboxException, InterruptedException;

  /** Changes limits; zero and empty fields stay as they are. */
  void updateResources(String containerId, ContainerResources resources)
      throws SandboxException, InterruptedException;

  /**
   * Remembers what the client has resized the pod's own cgroup to; null leaves what was known. The
   * group itself is the client's.
   */
  void updatePodResources(
      String podId, @Nullable ContainerResources overhead, @Nullable ContainerResources resources)
      throws SandboxException;

  /** What a container uses; only its layer unless it runs. NOT_FOUND when there is none. */
  ContainerStats containerStats(String containerId) throws SandboxException, InterruptedException;

  /** What running containers use. */
  List<ContainerStats> containerStats(ContainerFilter filter) throws InterruptedException;

  /** What ready pods use. */
  List<PodStats> podStats(PodFilter filter) throws InterruptedException;

  /** All that can be told of ready pods and their running containers, for metrics. */
  List<DetailedPodStats> metrics() throws InterruptedException;

  /**
   * What happens to pods and containers from now on; the caller closes it. Ends when the runtime is
   * closed.
   */
  EventSubscription events();

  /** The container's launch, one readable line a step. */
  List<String> explain(String containerId) throws SandboxException;

  /** The pod CIDRs that the kubelet chose, comma-separated; for pods made from now on. */
  void updatePodCidr(String cidrs) throws SandboxException;

  /** Whether this kernel lets pods have user namespaces of their own. */
  boolean userNamespaces();

  /** Empty when the network is ready, else the reason why it isn't, for a person. */
  String networkProblem();

  /** Gives up the daemon's hold on everything; pods and containers run on. */
  @Override
  void close();
}
