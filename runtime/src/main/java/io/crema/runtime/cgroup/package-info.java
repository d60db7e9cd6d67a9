/**
 * Control groups: where a container's processes are counted, limited and killed together.
 *
 * <p>Owns detection of the host's layout ({@link io.crema.runtime.cgroup.Cgroups#detect}), making,
 * limiting, reading and removing of groups ({@link io.crema.runtime.cgroup.Cgroup}), one class per
 * kernel version behind those two interfaces. All of it is the cgroupfs driver; a group named in
 * systemd's way is refused by {@link io.crema.runtime.cgroup.CgroupPath}, which is where a systemd
 * driver will branch off. It must not know pods, images or the CRI. Start reading at {@code
 * Cgroups}.
 */
@NullMarked
package io.crema.runtime.cgroup;

import org.jspecify.annotations.NullMarked;
