package io.crema.runtime.launch;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.Paths;
import io.crema.runtime.linux.Sys;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The steps that turn a process which is in place into the container's: streams, user,
 * capabilities, filters, execve. The order is runc's (libcontainer/standard_init_linux.go,
 * init_linux.go finalizeNamespace).
 */
final class ProcessSteps {
  private static final int PR_SET_DUMPABLE = 4;
  private static final int PR_SET_KEEPCAPS = 8;
  private static final int PR_SET_SECCOMP_FILTER = 1; // SECCOMP_SET_MODE_FILTER of seccomp(2)
  private static final int PR_CAPBSET_DROP = 24;
  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int PR_CAP_AMBIENT = 47;
  private static final int PR_CAP_AMBIENT_RAISE = 2;
  private static final int PR_CAP_AMBIENT_CLEAR_ALL = 4;
  private static final int KEYCTL_JOIN_SESSION_KEYRING = 1;
  private static final int CAPABILITY_VERSION_3 = 0x20080522;
  private static final int LAST_KNOWN_CAPABILITY = 40; // CAP_CHECKPOINT_RESTORE
  private static final long ALL_CAPABILITIES = (1L << (LAST_KNOWN_CAPABILITY + 1)) - 1;
  private static final int CLOSE_RANGE_CLOEXEC = 4;
  private static final long LAUNCH_FILES = 1024; // more than any launch has open
  private static final long TIOCSPTLCK = 0x40045431L;
  private static final long TIOCGPTPEER = 0x5441;
  private static final long TIOCSCTTY = 0x540e;
  private static final String DEFAULT_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private static final Arg ZERO = Arg.of(0);

  private final PlanBuilder plan;
  private final PlanCalls calls;

  ProcessSteps(PlanCalls calls) {
    this.calls = calls;
    this.plan = calls.plan();
  }

  /**
   * First of all: nobody in the container may look into the process while it is still the keeper's
   * program (CVE-2019-5736, CVE-2016-9962); execve undoes it.
   */
  void hide() {
    prctl("keep the container from looking into the launch", PR_SET_DUMPABLE, "PR_SET_DUMPABLE", 0);
    plan.call("make files with the modes that are asked for", Sys.UMASK, PlanCalls.mode(0));
  }

  /** After a change of credentials, at which the kernel may let others look in (prctl(2)). */
  void hideAgain() {
    prctl("keep the launch hidden", PR_SET_DUMPABLE, "PR_SET_DUMPABLE", 0);
  }

  /**
   * What only the host's root may do for a process that is about to enter a user namespace: give
   * its pipes to the container's user, and raise limits, which later are only lowered.
   */
  void prepareForUsers(ProcessSpec process, UserMap users) {
    if (process.stdio() instanceof StdioSpec.Streams s) {
      int owner = users.hostUidOf(process.uid());
      give(s.stdin(), "stdin", owner);
      give(s.stdout(), "stdout", owner);
      give(s.stderr(), "stderr", owner);
    }
    for (Rlimit limit : process.rlimits()) {
      boolean files = limit.resource() == Rlimit.NOFILE; // can't be unlimited (fs.nr_open)
      long raised =
          files ? limit.hard() < LAUNCH_FILES ? LAUNCH_FILES : limit.hard() : Rlimit.INFINITY;
      set("raise " + limit.name(), Set.of(Errno.EPERM), limit, raised, raised);
    }
  }

  private void give(Stream stream, String name, int hostUid) {
    if (stream == Stream.PIPE) {
      giveTo(plan.slot(name), hostUid, name);
    }
  }

  /** Enters the v1 groups whose {@code tasks} files the slots are. */
  void joinCgroups(List<String> slots) {
    for (String slot : slots) {
      // "tasks", which for a thread moving itself takes no global lock, unlike cgroup.procs
      plan.call(
          "enter the cgroup (" + slot + ")", Sys.WRITE, plan.slot(slot), Arg.of("0"), Arg.of(1));
    }
  }

  /** What is said through the host's /proc, while it can be seen. */
  void attributes(ProcessSpec process) {
    Integer adj = process.oomScoreAdj();
    if (adj != null) {
      say("set oom_score_adj to " + adj, "/proc/self/oom_score_adj", adj.toString());
    }
    if (!process.apparmorProfile().isEmpty()) {
      say(
          "apply apparmor profile " + process.apparmorProfile() + " at execve",
          "/proc/self/attr/apparmor/exec",
          "exec " + process.apparmorProfile());
    }
    if (!process.selinuxLabel().isEmpty()) {
      say(
          "apply SELinux label " + process.selinuxLabel() + " at execve",
          "/proc/self/attr/exec",
          process.selinuxLabel());
    }
  }

  private void say(String purpose, String file, String text) {
    Arg fd = calls.open(purpose, PlanCalls.CWD, file, Paths.O_WRONLY, "O_WRONLY");
    int length = text.getBytes(StandardCharsets.UTF_8).length;
    plan.call(purpose, Sys.WRITE, fd, Arg.of(text), Arg.of(length));
  }

  /** A new session, and a keyring of its own: the daemon's keys are none of the container's. */
  void session() {
    plan.call("start a session", Sys.SETSID);
    plan.call(
        "have a session keyring of its own",
        Sys.KEYCTL,
        Set.of(Errno.ENOSYS),
        Arg.of(KEYCTL_JOIN_SESSION_KEYRING, "KEYCTL_JOIN_SESSION_KEYRING"),
        PlanCalls.NULL);
  }

  /** The terminal's end for the process, from {@code ptmx} in {@code dir}; given to the keeper. */
  Arg terminal(Arg dir, String ptmx, int uid) {
    Arg master =
        calls.openBelow(
            "open a terminal", Set.of(), dir, ptmx, Paths.O_RDWR | Paths.O_NOCTTY, false);
    Arg unlock = new Arg.Struct(4, List.of(), "0");
    plan.call("unlock the terminal", Sys.IOCTL, master, Arg.of(TIOCSPTLCK, "TIOCSPTLCK"), unlock);
    Arg peer =
        plan.call(
            "open the terminal's other end",
            Sys.IOCTL,
            master,
            Arg.of(TIOCGPTPEER, "TIOCGPTPEER"),
            Arg.of(Paths.O_RDWR | Paths.O_NOCTTY | Paths.O_CLOEXEC, "O_RDWR|O_NOCTTY|O_CLOEXEC"));
    if (uid != 0) {
      giveTo(peer, uid, "the terminal");
    }
    plan.add(new Step.Give("hand the terminal to the keeper", Step.Give.TERMINAL, master));
    return peer;
  }

  /** Makes {@code terminal} the session's, and all three streams. */
  void takeTerminal(Arg terminal) {
    plan.call("control the terminal", Sys.IOCTL, terminal, Arg.of(TIOCSCTTY, "TIOCSCTTY"), ZERO);
    for (int fd = 0; fd <= 2; fd++) {
      duplicate(terminal, fd, "the terminal");
    }
  }

  /** Puts the streams in their places. */
  void streams(StdioSpec.Streams streams, int uid) {
    stream(streams.stdin(), "stdin", 0, uid);
    stream(streams.stdout(), "stdout", 1, uid);
    stream(streams.stderr(), "stderr", 2, uid);
  }

  private void stream(Stream stream, String name, int fd, int uid) {
    String slot = stream == Stream.NULL ? Stream.NULL_SLOT : name;
    duplicate(plan.slot(slot), fd, stream == Stream.NULL ? "/dev/null" : slot);
    if (stream == Stream.PIPE && uid != 0) {
      giveTo(Arg.of(fd), uid, name); // so that it can be opened as /dev/stdout (runc#2240)
    }
  }

  private void giveTo(Arg fd, int uid, String what) {
    plan.call(
        "give " + what + " to user " + Integer.toUnsignedString(uid),
        Sys.FCHOWN,
        Set.of(Errno.EPERM, Errno.EINVAL, Errno.EROFS),
        fd,
        id(uid),
        Arg.of(-1, "-1"));
  }

  private void duplicate(Arg from, int to, String what) {
    plan.call("make " + what + " descriptor " + to, Sys.DUP3, from, Arg.of(to), ZERO);
  }

  /** Everything from limits to the execve; the process stands where it will run. */
  void become(ProcessSpec process, boolean waits) {
    if (process.noNewPrivileges()) {
      prctl("set no_new_privs", PR_SET_NO_NEW_PRIVS, "PR_SET_NO_NEW_PRIVS", 1);
    } else {
      seccomp(process); // needs CAP_SYS_ADMIN, which goes below
    }
    workingDirectory(process.cwd());
    process.rlimits().forEach(this::limit); // last of what opens descriptors is done
    dropTo(process);
    plan.call("restore the file mode mask", Sys.UMASK, PlanCalls.mode(0022));
    if (waits) {
      plan.add(new Step.Wait("wait to be started"));
    }
    // whatever else is open, of the keeper's too, ends at execve (CVE-2024-21626)
    plan.call(
        "let no descriptor but 0, 1 and 2 survive",
        Sys.CLOSE_RANGE,
        Arg.of(3),
        Arg.of(0xffffffffL, "~0U"),
        Arg.of(CLOSE_RANGE_CLOEXEC, "CLOSE_RANGE_CLOEXEC"));
    if (process.noNewPrivileges()) {
      seccomp(process);
    }
    execute(process);
  }

  /** Becomes the process's user, with its capabilities. */
  void dropTo(ProcessSpec process) {
    dropBounding(process.capabilities());
    if (process.uid() == 0) {
      user(process);
    } else {
      prctl("keep capabilities over the change of user", PR_SET_KEEPCAPS, "PR_SET_KEEPCAPS", 1);
      user(process);
      prctl("keep them no longer", PR_SET_KEEPCAPS, "PR_SET_KEEPCAPS", 0);
      hideAgain();
    }
    capabilities(process);
  }

  private void limit(Rlimit limit) {
    String purpose = "set " + limit.name() + " to " + limit.soft() + ":" + limit.hard();
    set(purpose, Set.of(), limit, limit.soft(), limit.hard());
  }

  private void set(String purpose, Set<Errno> tolerated, Rlimit limit, long soft, long hard) {
    plan.call(
        purpose,
        Sys.PRLIMIT64,
        tolerated,
        ZERO,
        Arg.of(limit.resource(), limit.name()),
        new Arg.Struct(
            16,
            List.of(new Arg.Field(0, 8, Arg.of(soft)), new Arg.Field(8, 8, Arg.of(hard))),
            soft + ":" + hard),
        PlanCalls.NULL);
  }

  private void workingDirectory(String cwd) {
    String purpose = "chdir to cwd (\"" + cwd + "\")";
    // by descriptor, so that no magic link leads out (CVE-2024-21626)
    Arg fd =
        calls.openBelow(
            purpose, Set.of(), PlanCalls.CWD, cwd, Paths.O_PATH | Paths.directoryFlag(), true);
    plan.call(purpose, Sys.FCHDIR, fd);
  }

  private void dropBounding(long keep) {
    for (int c = 0; c <= LAST_KNOWN_CAPABILITY; c++) {
      if ((keep >> c & 1) == 0) {
        plan.call(
            "drop capability " + c + " from the bounding set",
            Sys.PRCTL,
            Set.of(Errno.EINVAL), // a kernel that doesn't know it
            Arg.of(PR_CAPBSET_DROP, "PR_CAPBSET_DROP"),
            Arg.of(c),
            ZERO,
            ZERO,
            ZERO);
      }
    }
  }

  private void user(ProcessSpec process) {
    List<Arg.Field> fields = new ArrayList<>();
    for (int i = 0; i < process.groups().size(); i++) {
      fields.add(new Arg.Field(4 * i, 4, Arg.of(process.groups().get(i))));
    }
    int count = process.groups().size();
    plan.call(
        "set the supplementary groups " + process.groups(),
        Sys.SETGROUPS,
        Arg.of(count),
        new Arg.Struct(4 * Math.max(1, count), fields, process.groups().toString()));
    Arg gid = id(process.gid());
    plan.call("become group " + label(process.gid()), Sys.SETRESGID, gid, gid, gid);
    Arg uid = id(process.uid());
    plan.call("become user " + label(process.uid()), Sys.SETRESUID, uid, uid, uid);
  }

  private static Arg id(int id) {
    return Arg.of(Integer.toUnsignedLong(id));
  }

  private static String label(int id) {
    return Integer.toUnsignedString(id);
  }

  private void capabilities(ProcessSpec process) {
    long set = process.capabilities() & ALL_CAPABILITIES;
    long inherited = process.ambient();
    List<Arg.Field> data = new ArrayList<>();
    for (int word = 0; word < 2; word++) {
      int at = 12 * word;
      int shift = 32 * word;
      data.add(new Arg.Field(at, 4, Arg.of(set >> shift & 0xffffffffL)));
      data.add(new Arg.Field(at + 4, 4, Arg.of(set >> shift & 0xffffffffL)));
      data.add(new Arg.Field(at + 8, 4, Arg.of(inherited >> shift & 0xffffffffL)));
    }
    plan.call(
        "set the capabilities",
        Sys.CAPSET,
        new Arg.Struct(
            8, List.of(new Arg.Field(0, 4, Arg.of(CAPABILITY_VERSION_3))), "this process"),
        new Arg.Struct(
            24,
            data,
            "effective and permitted 0x"
                + Long.toHexString(set)
                + ", inheritable 0x"
                + Long.toHexString(inherited)));
    prctl4("empty the ambient capabilities", PR_CAP_AMBIENT_CLEAR_ALL, 0);
    for (int c = 0; c <= LAST_KNOWN_CAPABILITY; c++) {
      if ((inherited >> c & 1) != 0) {
        prctl4("raise ambient capability " + c, PR_CAP_AMBIENT_RAISE, c);
      }
    }
  }

  private void prctl4(String purpose, int operation, int capability) {
    plan.call(
        purpose,
        Sys.PRCTL,
        Arg.of(PR_CAP_AMBIENT, "PR_CAP_AMBIENT"),
        Arg.of(operation),
        Arg.of(capability),
        ZERO,
        ZERO);
  }

  private void prctl(String purpose, int option, String name, int value) {
    plan.call(purpose, Sys.PRCTL, Arg.of(option, name), Arg.of(value), ZERO, ZERO, ZERO);
  }

  private void seccomp(ProcessSpec process) {
    SeccompFilter filter = process.seccomp();
    if (filter == null) {
      return;
    }
    int count = filter.program().length / 8;
    plan.call(
        "load the seccomp filter (" + filter.label() + ")",
        Sys.SECCOMP,
        Arg.of(PR_SET_SECCOMP_FILTER, "SECCOMP_SET_MODE_FILTER"),
        Arg.of(filter.flags()),
        new Arg.Struct(
            16,
            List.of(
                new Arg.Field(0, 2, Arg.of(count)),
                new Arg.Field(8, 8, new Arg.Bytes(filter.program(), filter.label()))),
            filter.label() + ", " + count + " instructions"));
  }

  private void execute(ProcessSpec process) {
    String command = process.args().getFirst();
    List<Arg> words = new ArrayList<>();
    process.args().forEach(a -> words.add(Arg.of(a)));
    Arg argv = new Arg.Pointers(words, String.join(" ", process.args()));
    List<Arg> entries = new ArrayList<>();
    process.env().forEach(e -> entries.add(new Arg.Bytes(e.encoded(), e.toString())));
    Arg envp = new Arg.Pointers(entries, process.env().size() + " variables");
    if (command.indexOf('/') >= 0) {
      plan.call("exec: \"" + command + "\"", Sys.EXECVE, Arg.of(command), argv, envp);
      return;
    }
    for (String directory : searchPath(process).split(":", -1)) {
      plan.call(
          "exec: \"" + command + "\" in " + (directory.isEmpty() ? "." : directory),
          Sys.EXECVE,
          Set.of(Errno.ENOENT, Errno.ENOTDIR, Errno.EACCES),
          Arg.of((directory.isEmpty() ? "." : directory) + "/" + command),
          argv,
          envp);
    }
    plan.add(
        new Step.Fail(
            "exec: \"" + command + "\": executable file not found in $PATH", Errno.ENOENT));
  }

  private static String searchPath(ProcessSpec process) {
    String path = DEFAULT_PATH;
    for (EnvEntry e : process.env()) {
      if (e.name().equals("PATH")) {
        path = new String(e.value(), StandardCharsets.UTF_8);
      }
    }
    return path;
  }
}
