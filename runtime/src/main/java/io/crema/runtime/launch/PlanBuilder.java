package io.crema.runtime.launch;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.Sys;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Collects the steps of a {@link LaunchPlan}. Not thread-safe; made, filled and built by one
 * thread.
 */
public final class PlanBuilder {
  private final List<Step> steps = new ArrayList<>();
  private final List<String> slots = new ArrayList<>();

  /** Asks for a descriptor to be passed with the plan; the same name gives the same slot. */
  public Arg.Slot slot(String name) {
    int index = slots.indexOf(name);
    if (index < 0) {
      index = slots.size();
      slots.add(name);
    }
    return new Arg.Slot(index, name);
  }

  /** Adds a system call; the answer stands for what it will return. */
  public Arg.Result call(String purpose, Sys sys, Arg... arguments) {
    return call(purpose, sys, Set.of(), arguments);
  }

  /** Adds a system call that may fail with one of {@code tolerated}. */
  public Arg.Result call(String purpose, Sys sys, Set<Errno> tolerated, Arg... arguments) {
    steps.add(new Step.Call(purpose, sys, List.of(arguments), tolerated));
    return new Arg.Result(steps.size() - 1, purpose);
  }

  /** Adds any step. */
  public void add(Step step) {
    steps.add(step);
  }

  /** The plan so far. */
  public LaunchPlan build() {
    return new LaunchPlan(steps, slots);
  }
}
