package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.FAILED_PRECONDITION;
import static io.crema.sandbox.SandboxException.Code.INTERNAL;

import io.crema.runtime.keeper.KeeperException;
import io.crema.runtime.linux.Errno;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.StreamSession;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.StreamSet;
import java.io.IOException;

/** Attach: joins a client to the streams that a container's keeper holds. */
public final class Attach {
  private final Node node;
  private final StreamLoop loop;

  Attach(Node node, StreamLoop loop) {
    this.node = node;
    this.loop = loop;
  }

  /** Returns once the client sees the container's output. */
  public StreamSession attach(String containerId, StreamSet wanted)
      throws SandboxException, InterruptedException {
    Container container = node.running(containerId);
    ContainerConfig config = container.record().config();
    long launch = container.record().launchId();
    try (Rollback undo = new Rollback()) {
      Streams streams =
          Streams.pipes(
              loop.poller(),
              wanted.stdin() && config.stdin(),
              wanted.stdout(),
              wanted.stderr() && !config.tty());
      undo.add(streams::close);
      try (Streams.Theirs theirs = streams.theirs()) {
        if (theirs.any()) {
          Waits.get(
              container
                  .pod()
                  .keeper()
                  .attach(launch, theirs.stdin(), theirs.stdout(), theirs.stderr()),
              container.display() + ": attach");
        }
      }
      undo.keep();
      return new AttachSession(container, streams);
    } catch (KeeperException e) {
      if (e.errno() == Errno.ESRCH) { // it has ended meanwhile
        throw new SandboxException(
            FAILED_PRECONDITION, container.display() + " is not running any more", e);
      }
      throw new SandboxException(INTERNAL, container.display() + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new SandboxException(INTERNAL, container.display() + ": attach: " + e.getMessage(), e);
    }
  }
}
