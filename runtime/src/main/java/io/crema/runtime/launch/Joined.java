package io.crema.runtime.launch;

import io.crema.runtime.linux.Namespaces;

/** A namespace that a launched process enters: its kind, and the plan's slot for its descriptor. */
public enum Joined {
  NET("net", Namespaces.CLONE_NEWNET),
  IPC("ipc", Namespaces.CLONE_NEWIPC),
  UTS("uts", Namespaces.CLONE_NEWUTS),
  USER("user", Namespaces.CLONE_NEWUSER),
  CGROUP("cgroup", Namespaces.CLONE_NEWCGROUP),
  PID("pid", Namespaces.CLONE_NEWPID),
  MOUNT("mnt", Namespaces.CLONE_NEWNS);

  private final String kind;
  private final int flag;

  Joined(String kind, int flag) {
    this.kind = kind;
    this.flag = flag;
  }

  /** Its file's name in /proc/PID/ns. */
  public String kind() {
    return kind;
  }

  /** {@code CLONE_NEW*} of sched.h. */
  public int flag() {
    return flag;
  }

  /** The name of the slot in which its descriptor travels: {@code ns-net}. */
  public String slot() {
    return "ns-" + kind;
  }
}
