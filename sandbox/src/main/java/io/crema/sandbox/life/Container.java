package io.crema.sandbox.life;

import io.crema.runtime.launch.LaunchPlan;
import io.crema.runtime.launch.ProcessSpec;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.store.ContainerRecord;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A container that exists.
 *
 * <pre>
 *   CREATED --start--> RUNNING --exit--> EXITED
 *      \------start failed / pod stopped-----^
 * </pre>
 */
public final class Container {
  private final String id;
  private final Pod pod;
  private final ReentrantLock lock = new ReentrantLock();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final CpuRate cpuRate = new CpuRate();
  private final LayerCounts.Count layerCount = new LayerCounts.Count();
  private volatile ContainerRecord record;
  private volatile @Nullable LaunchPlan plan;
  private volatile @Nullable ProcessSpec process;

  Container(ContainerRecord record, Pod pod) {
    this.id = record.id();
    this.pod = pod;
    this.record = record;
    if (record.state() == ContainerState.EXITED) {
      ended.complete(null);
    }
  }

  public String id() {
    return id;
  }

  public Pod pod() {
    return pod;
  }

  /** How people name it: {@code container web (0123456789ab) of pod default/web (…)}. */
  public String display() {
    return "container "
        + record.config().metadata().name()
        + " ("
        + id.substring(0, 12)
        + ") of "
        + pod.display();
  }

  public ContainerRecord record() {
    return record;
  }

  void record(ContainerRecord next) {
    record = next;
    if (next.state() == ContainerState.EXITED) {
      ended.complete(null);
    }
  }

  public ContainerState state() {
    return record.state();
  }

  CpuRate cpuRate() {
    return cpuRate;
  }

  LayerCounts.Count layerCount() {
    return layerCount;
  }

  ReentrantLock lock() {
    return lock;
  }

  /** Completes when it is EXITED. */
  CompletableFuture<Void> ended() {
    return ended;
  }

  /** What its process is, once it was composed. */
  @Nullable ProcessSpec process() {
    return process;
  }

  void process(ProcessSpec value) {
    process = value;
  }

  /** How its process was launched, when this daemon launched it. */
  @Nullable LaunchPlan plan() {
    return plan;
  }

  void plan(LaunchPlan value) {
    plan = value;
  }
}
