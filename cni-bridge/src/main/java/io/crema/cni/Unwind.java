package io.crema.cni;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Deque;

/** Undoes in reverse order what was done, unless told to keep it. */
final class Unwind implements AutoCloseable {
  private static final Logger LOG = System.getLogger("io.crema.cni");

  /** Takes one step back. */
  @FunctionalInterface
  interface Step {
    void undo() throws Exception;
  }

  private final Deque<Step> steps = new ArrayDeque<>();

  void does(Step step) {
    steps.push(step);
  }

  <T extends AutoCloseable> T closes(T resource) {
    steps.push(resource::close);
    return resource;
  }

  void keep() {
    steps.clear();
  }

  @Override
  public void close() {
    while (!steps.isEmpty()) {
      try {
        steps.pop().undo();
      } catch (Exception e) { // the failure that led here is on its way; the other steps must run
        LOG.log(Level.WARNING, "undo a step of the network: " + e.getMessage(), e);
      }
    }
  }
}
