package io.crema.runtime.launch;

import java.util.List;

/**
 * All that a new process does before {@code execve}, in order.
 *
 * @param slots names of the descriptors that must be passed with the plan, by index
 */
public record LaunchPlan(List<Step> steps, List<String> slots) {
  public LaunchPlan {
    steps = List.copyOf(steps);
    slots = List.copyOf(slots);
  }

  /** The purpose of step {@code index}, for an error message. */
  public String purposeOf(int index) {
    return index >= 0 && index < steps.size()
        ? steps.get(index).purpose()
        : "step " + index + " of the launch";
  }
}
