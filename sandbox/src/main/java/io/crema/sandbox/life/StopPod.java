package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.INTERNAL;

import io.crema.cni.NetworkException;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerEvent;
import io.crema.sandbox.store.PodRecord;
import java.io.IOException;
import java.nio.file.Path;

/** StopPodSandbox and RemovePodSandbox. */
public final class StopPod {
  private final Node node;
  private final RemoveContainer containers;
  private final PodInit inits;
  private final PodDirectory directories;

  StopPod(Node node, RemoveContainer containers, PodInit inits, PodDirectory directories) {
    this.node = node;
    this.containers = containers;
    this.inits = inits;
    this.directories = directories;
  }

  public void stop(String podId) throws SandboxException, InterruptedException {
    var pod = node.pods().find(podId);
    if (pod.isPresent()) {
      stop(pod.get());
    }
  }

  /** Every step can be repeated: a stop that failed half-way is taken up by the next. */
  public void stop(Pod pod) throws SandboxException, InterruptedException {
    pod.lock().writeLock().lock();
    try {
      if (pod.record().phase() == PodRecord.Phase.STOPPED) {
        return;
      }
      for (Container container : pod.containers()) {
        containers.end(container);
      }
      inits.end(pod);
      if (!pod.onHostNetwork()) {
        node.network().detach(pod.id());
      }
      PodEnd.dismiss(pod);
      pod.closeNamespaces();
      directories.unmountShm(pod.directory());
      PodRecord stopped = pod.record().with(PodRecord.Phase.STOPPED);
      // One that was never answered stays marked as such on disk until it's removed, whatever comes
      // between.
      if (pod.record().phase() != PodRecord.Phase.CREATING) {
        node.podRecords().save(pod.id(), stopped);
      }
      pod.record(stopped);
      node.events().send(ContainerEvent.Kind.STOPPED, pod);
    } catch (IOException e) {
      throw new SandboxException(INTERNAL, pod.display() + ": stop: " + e.getMessage(), e);
    } catch (NetworkException e) {
      throw new SandboxException(Networks.code(e), pod.display() + ": stop: " + e.getMessage(), e);
    } finally {
      pod.lock().writeLock().unlock();
    }
  }

  public void remove(String podId) throws SandboxException, InterruptedException {
    var found = node.pods().find(podId);
    if (found.isEmpty()) {
      return;
    }
    Pod pod = found.get();
    stop(pod);
    pod.lock().writeLock().lock();
    try {
      for (Container container : pod.containers()) {
        containers.remove(container);
      }
      directories.remove(pod);
      node.podRecords().delete(pod.id());
      node.pods().remove(pod.id());
      node.names().remove(pod.config().metadata(), pod);
      node.events().send(ContainerEvent.Kind.DELETED, pod);
    } catch (IOException e) {
      throw new SandboxException(INTERNAL, pod.display() + ": remove: " + e.getMessage(), e);
    } finally {
      pod.lock().writeLock().unlock();
    }
  }

  /** Removes what an earlier daemon left of a pod that no record names. */
  void removeDirectory(Path podDirectory) throws IOException {
    directories.remove(podDirectory);
  }
}
