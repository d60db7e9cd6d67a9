package io.crema.server.up;

import io.crema.server.cri.Container;
import io.crema.server.cri.ContainerConfig;
import io.crema.server.cri.ContainerFilter;
import io.crema.server.cri.ContainerState;
import io.crema.server.cri.ContainerStatus;
import io.crema.server.cri.ContainerStatusRequest;
import io.crema.server.cri.CreateContainerRequest;
import io.crema.server.cri.Image;
import io.crema.server.cri.ListContainersRequest;
import io.crema.server.cri.PodSandboxConfig;
import io.crema.server.cri.PodSandboxStatusRequest;
import io.crema.server.cri.PodSandboxStatusResponse;
import io.crema.server.cri.PortMapping;
import io.crema.server.cri.RemoveContainerRequest;
import io.crema.server.cri.RemovePodSandboxRequest;
import io.crema.server.cri.RunPodSandboxRequest;
import io.crema.server.cri.RuntimeServiceGrpc.RuntimeServiceBlockingStub;
import io.crema.server.cri.StartContainerRequest;
import io.crema.server.cri.StopContainerRequest;
import io.crema.server.cri.StopPodSandboxRequest;
import io.crema.server.daemon.CriClient;
import io.crema.server.manifest.PodManifest;
import io.crema.server.manifest.PodPlace;
import io.crema.server.manifest.PodTranslator;
import io.crema.server.manifest.RunAsNonRoot;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One pod from its pulls to its removal, on the thread that calls {@link #run}. */
final class PodRun {
  /** How often containers are looked at; their log lines are shown as they come. */
  private static final long TICK_MILLIS = 100;

  private final CriClient client;
  private final Puller puller;
  private final PodManifest manifest;
  private final PodPlace place;
  private final PodTranslator translator;
  private final Screen screen;
  private final boolean prefixPod;
  private final @Nullable PodTimeline timeline;
  private final Map<String, LogFollower> logs = new ConcurrentHashMap<>();
  private final List<Member> members = new ArrayList<>();
  private final CountDownLatch ended = new CountDownLatch(1);
  private PodSandboxConfig config = PodSandboxConfig.getDefaultInstance();
  private String podId = "";
  private String podIp = "";

  PodRun(
      CriClient client,
      Puller puller,
      PodManifest manifest,
      PodPlace place,
      Screen screen,
      boolean prefixPod,
      @Nullable PodTimeline timeline) {
    this.client = client;
    this.puller = puller;
    this.manifest = manifest;
    this.place = place;
    this.translator = new PodTranslator(manifest, place);
    this.screen = screen;
    this.prefixPod = prefixPod;
    this.timeline = timeline;
  }

  /** Runs the pod to its end and returns its exit code; nothing of it is left afterwards. */
  int run() throws UpException, InterruptedException, IOException {
    Files.createDirectories(place.logs());
    try (WatchService watch = place.disk().getFileSystem().newWatchService()) {
      try {
        return live(watch);
      } catch (StatusRuntimeException e) {
        if (e.getStatus().getCode() == Status.Code.CANCELLED && Thread.interrupted()) {
          throw new InterruptedException("stopped");
        }
        throw new UpException(
            "pod %s: %s".formatted(manifest.name(), e.getStatus().getDescription()), e);
      } finally {
        ended.countDown();
        remove();
      }
    }
  }

  private int live(WatchService watch) throws UpException, InterruptedException, IOException {
    long begin = System.nanoTime();
    Map<String, Image> images = new LinkedHashMap<>();
    List<io.fabric8.kubernetes.api.model.Container> all =
        new ArrayList<>(translator.initContainers());
    all.addAll(translator.containers());
    for (var container : all) {
      if (!images.containsKey(container.getImage())) {
        images.put(container.getImage(), puller.get(container));
      }
      RunAsNonRoot.check(manifest.pod().getSpec(), container, images.get(container.getImage()))
          .ifPresent(
              problem -> {
                throw Status.FAILED_PRECONDITION
                    .withDescription("container %s: %s".formatted(container.getName(), problem))
                    .asRuntimeException();
              });
    }
    mark("pull", begin);
    sandbox();
    for (var container : translator.initContainers()) {
      boolean sidecar = PodTranslator.isSidecar(container);
      String policy =
          sidecar ? "Always" : translator.restartPolicy().equals("Never") ? "Never" : "OnFailure";
      Member member = start(container, images, policy, watch);
      while (!sidecar && (!member.ended || member.willRestart())) {
        tick(watch);
      }
      if (!sidecar && member.exitCode != 0) {
        screen.say(
            "pod %s: init container %s failed".formatted(manifest.name(), container.getName()));
        return member.exitCode;
      }
    }
    List<Member> mains = new ArrayList<>();
    for (var container : translator.containers()) {
      mains.add(start(container, images, translator.restartPolicy(), watch));
    }
    if (timeline != null) {
      firstAnswer(timeline, begin);
    }
    while (mains.stream().anyMatch(member -> !member.ended || member.willRestart())) {
      tick(watch);
    }
    return mains.stream()
        .mapToInt(member -> member.exitCode)
        .filter(c -> c != 0)
        .findFirst()
        .orElse(0);
  }

  private void sandbox() {
    config = translator.sandbox();
    long begin = System.nanoTime();
    podId =
        runtime()
            .runPodSandbox(RunPodSandboxRequest.newBuilder().setConfig(config).build())
            .getPodSandboxId();
    mark("sandbox", begin);
    PodSandboxStatusResponse status =
        runtime()
            .podSandboxStatus(
                PodSandboxStatusRequest.newBuilder()
                    .setPodSandboxId(podId)
                    .setVerbose(true)
                    .build());
    podIp = status.getStatus().getNetwork().getIp();
    networkTime(status);
    screen.say(
        "pod %s (%s) has %s"
            .formatted(
                manifest.name(),
                podId.substring(0, 13),
                podIp.isEmpty() ? "the host's network" : "the address " + podIp));
    for (PortMapping port : config.getPortMappingsList()) {
      if (port.getHostPort() != 0) {
        screen.say(
            "pod %s: port %s:%d/%s of this host leads to its port %d"
                .formatted(
                    manifest.name(),
                    port.getHostIp().isEmpty() ? "*" : port.getHostIp(),
                    port.getHostPort(),
                    port.getProtocol(),
                    port.getContainerPort()));
      }
    }
  }

  /** The runtime's own figures of the sandbox's parts, if it tells any. */
  private void networkTime(PodSandboxStatusResponse status) {
    @Nullable String info = status.getInfoMap().get("info");
    if (timeline == null || info == null) {
      return;
    }
    JsonNode timings = JsonMapper.builder().build().readTree(info).path("timings");
    for (Map.Entry<String, JsonNode> part : timings.properties()) {
      timeline.part("of it " + part.getKey(), part.getValue().asLong(0));
    }
  }

  private Member start(
      io.fabric8.kubernetes.api.model.Container container,
      Map<String, Image> images,
      String policy,
      WatchService watch)
      throws IOException {
    Path directory = Files.createDirectories(place.logs().resolve(container.getName()));
    directory.register(
        watch, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY);
    Image image = images.get(container.getImage());
    Member member = new Member(container, image == null ? "" : image.getId(), policy);
    members.add(member);
    launch(member);
    return member;
  }

  private void launch(Member member) throws IOException {
    String name = member.spec.getName();
    ContainerConfig wanted =
        translator.container(member.spec, member.imageId, podIp, member.attempt);
    long begin = System.nanoTime();
    member.id =
        runtime()
            .createContainer(
                CreateContainerRequest.newBuilder()
                    .setPodSandboxId(podId)
                    .setConfig(wanted)
                    .setSandboxConfig(config)
                    .build())
            .getContainerId();
    mark("create " + name, begin);
    String prefix = prefixPod ? manifest.name() + "/" + name : name;
    logs.put(member.id, new LogFollower(place.logs().resolve(wanted.getLogPath()), prefix, screen));
    begin = System.nanoTime();
    runtime().startContainer(StartContainerRequest.newBuilder().setContainerId(member.id).build());
    mark("start " + name, begin);
  }

  private void tick(WatchService watch) throws InterruptedException, IOException {
    @Nullable WatchKey key = watch.poll(TICK_MILLIS, TimeUnit.MILLISECONDS);
    if (key != null) {
      key.pollEvents();
      key.reset();
    }
    Map<String, ContainerState> states = new LinkedHashMap<>();
    for (Container container :
        runtime()
            .listContainers(
                ListContainersRequest.newBuilder()
                    .setFilter(ContainerFilter.newBuilder().setPodSandboxId(podId))
                    .build())
            .getContainersList()) {
      states.put(container.getId(), container.getState());
    }
    drain();
    for (Member member : List.copyOf(members)) {
      ContainerState state = states.getOrDefault(member.id, ContainerState.CONTAINER_EXITED);
      if (!member.ended && state == ContainerState.CONTAINER_EXITED) {
        exited(member);
      } else if (member.isDue(System.nanoTime())) {
        restart(member);
      }
    }
  }

  private void exited(Member member) throws IOException {
    ContainerStatus status =
        runtime()
            .containerStatus(ContainerStatusRequest.newBuilder().setContainerId(member.id).build())
            .getStatus();
    drain();
    long now = System.nanoTime();
    boolean again = member.exited(status.getExitCode(), now);
    screen.say(
        "pod %s: container %s ended with %d%s%s"
            .formatted(
                manifest.name(),
                member.spec.getName(),
                status.getExitCode(),
                status.getReason().isEmpty() ? "" : " (" + status.getReason() + ")",
                again ? "; again in " + member.waitText(now) : ""));
  }

  private void restart(Member member) throws IOException {
    logs.remove(member.id);
    runtime()
        .removeContainer(RemoveContainerRequest.newBuilder().setContainerId(member.id).build());
    member.restarted();
    launch(member);
  }

  private void drain() throws IOException {
    for (LogFollower follower : logs.values()) {
      follower.drain();
    }
  }

  private void firstAnswer(PodTimeline figures, long begin) throws InterruptedException {
    for (PortMapping port : config.getPortMappingsList()) {
      if (port.getHostPort() != 0 && port.getProtocol() == io.crema.server.cri.Protocol.TCP) {
        String host = port.getHostIp().isEmpty() ? "127.0.0.1" : port.getHostIp();
        long asked = System.nanoTime();
        long answer = HttpProbe.firstAnswer(host, port.getHostPort(), ended);
        if (answer != 0) {
          figures.add("first HTTP answer on port " + port.getHostPort(), asked, answer);
        }
      }
    }
    figures.add("all", begin, System.nanoTime());
    screen.result(figures.render());
  }

  /** Ends the containers with their grace, the last started first, and removes everything. */
  private void remove() throws IOException {
    Thread.interrupted(); // an interrupt asked for exactly this, and must not cut it short
    try {
      if (!podId.isEmpty()) {
        for (Member member : members.reversed()) {
          if (!member.ended && !member.id.isEmpty()) {
            runtime()
                .stopContainer(
                    StopContainerRequest.newBuilder()
                        .setContainerId(member.id)
                        .setTimeout(translator.graceSeconds())
                        .build());
          }
        }
        drain();
        runtime().stopPodSandbox(StopPodSandboxRequest.newBuilder().setPodSandboxId(podId).build());
        runtime()
            .removePodSandbox(RemovePodSandboxRequest.newBuilder().setPodSandboxId(podId).build());
        screen.say("pod %s is removed".formatted(manifest.name()));
      }
    } catch (StatusRuntimeException e) {
      screen.say(
          "pod %s is not removed wholly: %s"
              .formatted(manifest.name(), e.getStatus().getDescription()));
    } finally {
      Trees.delete(place.disk());
      Trees.delete(place.memory());
    }
  }

  private void mark(String what, long begin) {
    if (timeline != null) {
      timeline.add(what, begin, System.nanoTime());
    }
  }

  private RuntimeServiceBlockingStub runtime() {
    return client.runtime();
  }
}
