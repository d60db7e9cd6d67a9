/**
 * Who a container's process is and what it may do: capabilities, users and groups, security
 * modules, and how far this host lets limits be raised.
 *
 * <p>Pure decisions, ready to become steps of a launch plan: {@link
 * io.crema.runtime.security.CapabilitySet}, {@link io.crema.runtime.security.UserDatabase}, {@link
 * io.crema.runtime.security.LinuxSecurityModules}, {@link io.crema.runtime.security.OomScore},
 * {@link io.crema.runtime.security.Rlimits}. It must not know pods, images or the CRI. Start
 * reading at {@code CapabilitySet}.
 */
@NullMarked
package io.crema.runtime.security;

import org.jspecify.annotations.NullMarked;
