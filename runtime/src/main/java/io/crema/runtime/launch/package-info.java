/**
 * A launch as data: the system calls that a container's first process makes before it is the
 * container.
 *
 * <p>{@link io.crema.runtime.launch.LaunchPlan} is an immutable list of {@link
 * io.crema.runtime.launch.Step}s, built by {@link io.crema.runtime.launch.PlanBuilder}, printed for
 * people by {@code crema explain}, and run by the keeper, which knows nothing of containers. All
 * policy is decided here, in Java, before the fork. It must not know pods, images or the CRI. Start
 * reading at {@code Arg}.
 */
@NullMarked
package io.crema.runtime.launch;

import org.jspecify.annotations.NullMarked;
