package io.crema.runtime.launch;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What every container has mounted, as containerd's (pkg/oci/mounts.go, internal/cri/opts): proc,
 * /dev, devpts, mqueue, sysfs, shared memory.
 */
public final class StandardMounts {
  /** containerd's, for a container that isn't privileged; the kubelet sends a list of its own. */
  public static final List<String> MASKED_PATHS =
      List.of(
          "/proc/acpi",
          "/proc/asound",
          "/proc/interrupts",
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/proc/sched_debug",
          "/proc/scsi",
          "/sys/firmware",
          "/sys/devices/virtual/powercap");

  /** containerd's, for a container that isn't privileged. */
  public static final List<String> READONLY_PATHS =
      List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

  /** The devices that every container has (config-linux.md of the OCI runtime specification). */
  public static final List<DeviceNode> DEVICES =
      List.of(
          DeviceNode.character("/dev/null", 1, 3, 0666),
          DeviceNode.character("/dev/zero", 1, 5, 0666),
          DeviceNode.character("/dev/full", 1, 7, 0666),
          DeviceNode.character("/dev/random", 1, 8, 0666),
          DeviceNode.character("/dev/urandom", 1, 9, 0666),
          DeviceNode.character("/dev/tty", 5, 0, 0666));

  private StandardMounts() {}

  /**
   * The mounts, in order; a container's own come after them.
   *
   * @param devices beside {@link #DEVICES}
   * @param privileged whether /sys can be written to
   * @param shm the pod's shared memory, a directory of the host
   * @param cgroups what /sys/fs/cgroup is, or nothing
   * @param users of the container's user namespace, whose root has {@link #DEVICES}; or null
   */
  public static List<MountSpec> list(
      List<DeviceNode> devices,
      boolean privileged,
      String shm,
      List<MountSpec> cgroups,
      @Nullable UserMap users) {
    List<DeviceNode> all = new ArrayList<>();
    for (DeviceNode d : DEVICES) {
      all.add(users == null ? d : d.ownedBy(users.hostUidOf(0), users.hostGidOf(0)));
    }
    for (DeviceNode d : devices) {
      all.removeIf(known -> known.path().equals(d.path()));
      all.add(d);
    }
    List<MountSpec> mounts = new ArrayList<>();
    mounts.add(new MountSpec.Proc("/proc"));
    mounts.add(new MountSpec.Dev("/dev", all));
    mounts.add(new MountSpec.Devpts("/dev/pts"));
    mounts.add(new MountSpec.Mqueue("/dev/mqueue"));
    mounts.add(new MountSpec.Sysfs("/sys", !privileged));
    mounts.addAll(cgroups);
    mounts.add(MountSpec.Bind.of(shm, "/dev/shm", true, false));
    return List.copyOf(mounts);
  }
}
