package io.crema.runtime.keeper;

/** What a descriptor that a keeper holds for its pod is. */
public enum HeldKind {
  IPC(1),
  UTS(2),
  USER(3),
  PID(4),
  NETWORK(5),
  MOUNT(6),
  CGROUP(7),
  TIME(8);

  private final int code;

  HeldKind(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  static HeldKind of(int code) {
    for (HeldKind kind : values()) {
      if (kind.code == code) {
        return kind;
      }
    }
    throw new IllegalArgumentException("held kind " + code);
  }
}
