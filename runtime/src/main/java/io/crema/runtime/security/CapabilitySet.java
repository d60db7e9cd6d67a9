package io.crema.runtime.security;

import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The capability sets of a container's process (capabilities(7)).
 *
 * <p>The inheritable set holds just the ambient ones, which the kernel requires; containers of
 * other runtimes with a full inheritable set were CVE-2022-24769.
 *
 * @param bounding also the permitted and effective set of a process of root
 * @param ambient what a process of another user keeps through execve(2)
 */
public record CapabilitySet(Set<Capability> bounding, Set<Capability> ambient) {
  /** What a container has unless asked otherwise: containerd's defaultUnixCaps. */
  public static final Set<Capability> DEFAULT =
      immutable(
          EnumSet.of(
              Capability.CHOWN,
              Capability.DAC_OVERRIDE,
              Capability.FSETID,
              Capability.FOWNER,
              Capability.MKNOD,
              Capability.NET_RAW,
              Capability.SETGID,
              Capability.SETUID,
              Capability.SETFCAP,
              Capability.SETPCAP,
              Capability.NET_BIND_SERVICE,
              Capability.SYS_CHROOT,
              Capability.KILL,
              Capability.AUDIT_WRITE));

  public CapabilitySet {
    bounding = immutable(bounding);
    ambient = immutable(ambient);
    if (!bounding.containsAll(ambient)) {
      throw new IllegalArgumentException(
          "ambient capabilities " + ambient + " aren't all in the bounding set " + bounding);
    }
  }

  /**
   * What is asked for.
   *
   * @param add names, or {@code ALL}
   * @param drop names, or {@code ALL}; a name in both lists is dropped
   * @param addAmbient names; they are added to the other sets too
   * @param privileged all that the host has, whatever the lists say
   */
  public record Request(
      List<String> add, List<String> drop, List<String> addAmbient, boolean privileged) {
    /** The defaults. */
    public static final Request DEFAULTS = new Request(List.of(), List.of(), List.of(), false);

    public Request {
      add = List.copyOf(add);
      drop = List.copyOf(drop);
      addAmbient = List.copyOf(addAmbient);
    }
  }

  /**
   * The sets for {@code request}, as containerd's WithCapabilities computes them: ALL first, then
   * single names, drop after add.
   *
   * @param available what this host can give ({@link AvailableCapabilities}): ALL and the defaults
   *     are cut down to it, a name that was asked for must be in it
   * @throws IllegalArgumentException for a name that is unknown or isn't available
   */
  public static CapabilitySet of(Request request, Set<Capability> available) {
    EnumSet<Capability> ambient = EnumSet.noneOf(Capability.class);
    for (String name : request.addAmbient()) {
      ambient.add(named(name, "add_ambient", available));
    }
    EnumSet<Capability> set = EnumSet.noneOf(Capability.class);
    if (request.privileged()) {
      set.addAll(available);
    } else {
      set.addAll(hasAll(request.add()) ? available : DEFAULT);
      set.retainAll(available);
      if (hasAll(request.drop())) {
        set.clear();
      }
      for (String name : request.add()) {
        if (!isAll(name)) {
          set.add(named(name, "add", available));
        }
      }
      set.addAll(ambient);
      for (String name : request.drop()) {
        if (!isAll(name)) {
          Capability dropped = parse(name, "drop");
          set.remove(dropped);
          ambient.remove(dropped);
        }
      }
    }
    return new CapabilitySet(set, ambient);
  }

  private static boolean hasAll(List<String> names) {
    return names.stream().anyMatch(CapabilitySet::isAll);
  }

  private static boolean isAll(String name) {
    return name.equalsIgnoreCase("ALL");
  }

  private static Capability named(String name, String list, Set<Capability> available) {
    Capability c = parse(name, list);
    if (!available.contains(c)) {
      throw new IllegalArgumentException(
          "capabilities: " + list + ": " + c.kernelName() + " isn't Crema's to give on this host");
    }
    return c;
  }

  private static Capability parse(String name, String list) {
    try {
      return Capability.of(name);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("capabilities: " + list + ": " + e.getMessage(), e);
    }
  }

  /** {@link #bounding} as the kernel's bits. */
  public long boundingMask() {
    return mask(bounding);
  }

  /** {@link #ambient} as the kernel's bits; also the inheritable set. */
  public long ambientMask() {
    return mask(ambient);
  }

  /** {@code set} as the kernel's bits: bit n is capability n. */
  public static long mask(Collection<Capability> set) {
    long mask = 0;
    for (Capability c : set) {
      mask |= 1L << c.number();
    }
    return mask;
  }

  private static Set<Capability> immutable(Set<Capability> set) {
    EnumSet<Capability> copy = EnumSet.noneOf(Capability.class);
    copy.addAll(set);
    return Collections.unmodifiableSet(copy);
  }
}
