package io.crema.sandbox.life;

import io.crema.runtime.keeper.Exit;
import io.crema.runtime.keeper.HeldKind;
import io.crema.runtime.keeper.Keeper;
import io.crema.runtime.launch.UserMap;
import io.crema.runtime.linux.Fd;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.NamespaceMode;
import io.crema.sandbox.model.PodConfig;
import io.crema.sandbox.model.PodState;
import io.crema.sandbox.store.PodRecord;
import java.nio.file.Path;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox that exists.
 *
 * <p>Owns the connection to its keeper and the descriptors of its namespaces while it is ready.
 * What changes it holds {@link #lock}; what only looks reads the record, which is replaced whole.
 */
public final class Pod {
  private final String id;
  private final Path directory;
  private final @Nullable UserMap users;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final Map<String, Container> containers = new ConcurrentHashMap<>();
  private final Map<Long, LaunchObserver> launches = new ConcurrentHashMap<>();
  private final Map<HeldKind, Fd> namespaces = new EnumMap<>(HeldKind.class);
  private final ReentrantLock initLock = new ReentrantLock();
  private final CpuRate cpuRate = new CpuRate();
  private volatile @Nullable Init init;
  private volatile PodRecord record;
  private volatile @Nullable Keeper keeper;
  private volatile Map<String, Long> timings = Map.of();

  Pod(PodRecord record, Path directory) {
    this.id = record.id();
    this.record = record;
    this.directory = directory;
    this.users = PodChecks.users(record.config());
  }

  public String id() {
    return id;
  }

  /** How people name it: {@code pod default/web (0123456789ab)}. */
  public String display() {
    return "pod " + record.config().metadata().display() + " (" + id.substring(0, 12) + ")";
  }

  public PodRecord record() {
    return record;
  }

  public PodConfig config() {
    return record.config();
  }

  public PodState state() {
    return record.phase() == PodRecord.Phase.READY ? PodState.READY : PodState.NOT_READY;
  }

  void record(PodRecord next) {
    record = next;
  }

  /** What its making was made of, in nanoseconds by part; empty when an earlier daemon made it. */
  Map<String, Long> timings() {
    return timings;
  }

  void timings(Timings made) {
    timings = made.parts();
  }

  /** Its files, socket and journal. */
  public Path directory() {
    return directory;
  }

  /** Shared by what happens to single containers; exclusive for what ends the pod. */
  ReentrantReadWriteLock lock() {
    return lock;
  }

  CpuRate cpuRate() {
    return cpuRate;
  }

  boolean onHostNetwork() {
    return config().security().namespaces().network() == NamespaceMode.NODE;
  }

  /** The ids of its user namespace, or null when it has none of its own. */
  @Nullable UserMap users() {
    return users;
  }

  /** Its keeper; UNAVAILABLE when there is none. */
  Keeper keeper() throws SandboxException {
    Keeper k = keeper;
    if (k == null) {
      throw new SandboxException(
          SandboxException.Code.UNAVAILABLE, display() + ": its keeper is gone");
    }
    return k;
  }

  Optional<Keeper> keeperIfAlive() {
    return Optional.ofNullable(keeper);
  }

  /** Takes ownership of the connection. */
  void keeper(@Nullable Keeper connection) {
    keeper = connection;
  }

  /** Takes ownership of the descriptors. */
  void namespaces(Map<HeldKind, Fd> held) {
    synchronized (namespaces) {
      closeNamespaces();
      namespaces.putAll(held);
    }
  }

  Optional<Fd> namespace(HeldKind kind) {
    synchronized (namespaces) {
      return Optional.ofNullable(namespaces.get(kind));
    }
  }

  /** Takes ownership of one more. */
  void namespace(HeldKind kind, Fd fd) {
    synchronized (namespaces) {
      namespaces.put(kind, fd);
    }
  }

  /** The init of the PID namespace that the containers share. */
  record Init(long launchId, CompletableFuture<Exit> ended) {}

  @Nullable Init init() {
    return init;
  }

  void init(Init started) {
    init = started;
  }

  /** Held while the init is started. */
  ReentrantLock initLock() {
    return initLock;
  }

  void closeNamespaces() {
    synchronized (namespaces) {
      namespaces.values().forEach(Fd::close);
      namespaces.clear();
    }
  }

  Collection<Container> containers() {
    return containers.values();
  }

  void add(Container container) {
    containers.put(container.id(), container);
  }

  void remove(Container container) {
    containers.remove(container.id());
  }

  /** Tells {@code observer} of the exit of the launch. */
  void observe(long launchId, LaunchObserver observer) {
    launches.put(launchId, observer);
  }

  void forget(long launchId) {
    launches.remove(launchId);
  }

  /** All that still wait for the exit of a launch. */
  Collection<LaunchObserver> observers() {
    return launches.values();
  }

  Optional<LaunchObserver> observer(long launchId) {
    return Optional.ofNullable(launches.get(launchId));
  }
}
