package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.ALREADY_EXISTS;
import static io.crema.sandbox.SandboxException.Code.INTERNAL;
import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;

import io.crema.cni.NetworkException;
import io.crema.cni.PodAddresses;
import io.crema.cni.PodAttachment;
import io.crema.cni.PortMapping;
import io.crema.cni.Protocol;
import io.crema.runtime.keeper.HeldKind;
import io.crema.runtime.keeper.Keeper;
import io.crema.runtime.linux.Fd;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerEvent;
import io.crema.sandbox.model.PodConfig;
import io.crema.sandbox.model.PodMetadata;
import io.crema.sandbox.store.PodRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;

/** RunPodSandbox: a sandbox that is ready, or nothing. */
public final class RunPod {
  private final Node node;
  private final Exits exits;
  private final PodDirectory directories;
  private final PodInit inits;
  private final Attempts<PodMetadata> attempts;

  RunPod(Node node, Exits exits, PodDirectory directories, PodInit inits) {
    this.node = node;
    this.exits = exits;
    this.directories = directories;
    this.inits = inits;
    this.attempts = new Attempts<>(node.executor());
  }

  public String run(PodConfig config, String handler)
      throws SandboxException, InterruptedException {
    PodChecks.check(config);
    if (!handler.isEmpty() && !node.settings().runtimeHandlers().contains(handler)) {
      throw new SandboxException(
          INVALID_ARGUMENT,
          "runtime handler \""
              + handler
              + "\" is unknown; there are "
              + node.settings().runtimeHandlers());
    }
    return attempts.join(config.metadata(), () -> begin(config, handler));
  }

  private String begin(PodConfig config, String handler)
      throws SandboxException, InterruptedException {
    Pod known = node.names().get(config.metadata());
    if (known != null) {
      if (known.record().phase() == PodRecord.Phase.READY) {
        return known.id(); // the answer to the first request got lost
      }
      throw new SandboxException(
          ALREADY_EXISTS,
          known.display()
              + " has this name, UID and attempt and has been stopped; remove it or ask for the"
              + " next attempt");
    }
    String id = Ids.next();
    PodRecord record =
        new PodRecord(
            PodRecord.VERSION,
            id,
            config,
            handler,
            PodRecord.Phase.CREATING,
            Node.now(),
            node.bootId(),
            List.of());
    Pod pod = new Pod(record, node.settings().podDirectory(id));
    try (Rollback rollback = new Rollback()) {
      make(pod, rollback);
      rollback.keep();
      return id;
    } catch (IOException e) {
      throw new SandboxException(INTERNAL, pod.display() + ": " + e.getMessage(), e);
    } catch (NetworkException e) {
      throw new SandboxException(Networks.code(e), pod.display() + ": " + e.getMessage(), e);
    }
  }

  private void make(Pod pod, Rollback rollback)
      throws IOException, NetworkException, SandboxException, InterruptedException {
    Timings timings = new Timings();
    // Recorded first: whatever a killed daemon leaves of this pod is found by its record.
    node.podRecords().save(pod.id(), pod.record());
    rollback.add(() -> node.podRecords().delete(pod.id()));
    Files.createDirectories(pod.directory());
    rollback.add(() -> directories.remove(pod));
    timings.mark("record");
    Keeper keeper = node.nursery().spawn(pod.directory(), exits.of(pod));
    pod.keeper(keeper);
    rollback.add(() -> PodEnd.dismiss(pod));
    keeper.onClose().thenAccept(why -> exits.keeperClosed(pod, keeper, why));
    timings.mark("keeper");
    Map<HeldKind, Fd> namespaces = inits.namespaces(pod);
    pod.namespaces(namespaces);
    rollback.add(pod::closeNamespaces);
    if (!namespaces.isEmpty()) {
      Waits.get(keeper.hold(namespaces), pod.display() + ": hand over its namespaces");
    }
    timings.mark("namespaces");
    List<String> addresses = network(pod, rollback);
    timings.mark("network");
    directories.fill(pod, addresses);
    timings.mark("files");
    PodRecord ready = pod.record().ready(addresses);
    node.podRecords().save(pod.id(), ready);
    timings.mark("record");
    pod.timings(timings);
    pod.record(ready);
    node.pods().put(pod.id(), pod);
    node.names().put(pod.config().metadata(), pod);
    node.events().send(ContainerEvent.Kind.CREATED, pod);
    node.events().send(ContainerEvent.Kind.STARTED, pod);
  }

  private List<String> network(Pod pod, Rollback rollback)
      throws NetworkException, InterruptedException {
    if (pod.onHostNetwork()) {
      return List.of();
    }
    Fd netns = pod.namespace(HeldKind.NETWORK).orElseThrow();
    PodConfig config = pod.config();
    List<PortMapping> ports =
        config.ports().stream()
            .filter(p -> p.hostPort() > 0)
            .map(
                p ->
                    new PortMapping(
                        Protocol.valueOf(p.protocol().name()),
                        p.containerPort(),
                        p.hostPort(),
                        p.hostIp()))
            .toList();
    rollback.add(() -> node.network().detach(pod.id())); // also of what a failing attach has done
    PodAddresses addresses =
        node.network()
            .attach(
                new PodAttachment(
                    pod.id(),
                    config.metadata().name(),
                    config.metadata().namespace(),
                    config.metadata().uid(),
                    netns,
                    ports,
                    config.annotations(),
                    Networks.dns(config.dns()),
                    config.cgroupParent()));
    return addresses.texts();
  }
}
