package io.crema.runtime.linux;

/** bpf(2), as far as device access of cgroup v2 needs it. */
public interface Bpf {
  /** The kernel's own. */
  static Bpf linux() {
    return LinuxBpf.INSTANCE;
  }

  /**
   * Loads a program of type BPF_PROG_TYPE_CGROUP_DEVICE and attaches it to {@code cgroup} in place
   * of those that are attached there. The kernel keeps it as long as the cgroup is there.
   *
   * @param instructions struct bpf_insn, in the machine's byte order
   */
  void replaceDeviceProgram(Fd cgroup, byte[] instructions) throws ErrnoException;
}
