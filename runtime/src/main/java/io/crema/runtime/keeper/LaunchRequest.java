package io.crema.runtime.keeper;

import io.crema.runtime.launch.LaunchPlan;
import io.crema.runtime.linux.Fd;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A process for the keeper to start. All descriptors are lent: they may be closed as soon as the
 * call that takes the request has returned.
 *
 * @param id unique among this keeper's launches, chosen by the caller
 * @param name what the journal calls it: the container's or exec's id
 * @param plan what the process does until it is the container
 * @param slots the plan's descriptors by name, but for {@code stdin}, {@code stdout} and {@code
 *     stderr}, which follow from the next three
 * @param log the CRI log file, opened with O_APPEND; null drops logged output
 * @param cloneFlags {@code CLONE_NEW*} for clone3(2)
 * @param cgroup a cgroup v2 directory that the process is born in
 * @param pidNamespace a PID namespace that the process is born in
 * @param waiting whether the plan has a Wait step and the launch is answered at once; {@link
 *     Keeper#go} starts it
 * @param ephemeral whether nobody asks for the exit after a restart of the daemon: it is neither
 *     journalled nor remembered, only announced (an exec)
 */
public record LaunchRequest(
    long id,
    String name,
    LaunchPlan plan,
    Map<String, Fd> slots,
    Stdio stdin,
    Stdio stdout,
    Stdio stderr,
    @Nullable Fd log,
    long cloneFlags,
    @Nullable Fd cgroup,
    @Nullable Fd pidNamespace,
    boolean waiting,
    boolean ephemeral) {
  public static final long CLONE_NEWTIME = 0x80;
  public static final long CLONE_NEWNS = 0x20000;
  public static final long CLONE_NEWCGROUP = 0x02000000;
  public static final long CLONE_NEWUTS = 0x04000000;
  public static final long CLONE_NEWIPC = 0x08000000;
  public static final long CLONE_NEWUSER = 0x10000000;
  public static final long CLONE_NEWPID = 0x20000000;
  public static final long CLONE_NEWNET = 0x40000000;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");
  private static final Set<String> STDIO = Set.of("stdin", "stdout", "stderr");

  public LaunchRequest {
    if (id <= 0) {
      throw new IllegalArgumentException("launch id " + id + ": must be positive");
    }
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "launch name \"" + name + "\": 1 to 64 letters, digits, '_', '.' or '-'");
    }
    slots = Map.copyOf(slots);
    for (String slot : plan.slots()) {
      if (!STDIO.contains(slot) && !slots.containsKey(slot)) {
        throw new IllegalArgumentException(name + ": no descriptor for the plan's slot " + slot);
      }
    }
    boolean terminal = stdin instanceof Stdio.Terminal;
    if (terminal != stdout instanceof Stdio.Terminal
        || terminal != stderr instanceof Stdio.Terminal) {
      throw new IllegalArgumentException(
          name + ": either all three streams are a terminal or none");
    }
    if (stdin instanceof Stdio.Logged) {
      throw new IllegalArgumentException(name + ": stdin can't be logged");
    }
    if (stdout instanceof Stdio.Piped || stderr instanceof Stdio.Piped) {
      throw new IllegalArgumentException(name + ": only stdin can be Piped");
    }
  }

  /** A builder with /dev/null for all streams. */
  public static Builder builder(long id, String name, LaunchPlan plan) {
    return new Builder(id, name, plan);
  }

  /** Collects a {@link LaunchRequest}. */
  public static final class Builder {
    private final long id;
    private final String name;
    private final LaunchPlan plan;
    private Map<String, Fd> slots = Map.of();
    private Stdio stdin = Stdio.DEV_NULL;
    private Stdio stdout = Stdio.DEV_NULL;
    private Stdio stderr = Stdio.DEV_NULL;
    private @Nullable Fd log;
    private long cloneFlags;
    private @Nullable Fd cgroup;
    private @Nullable Fd pidNamespace;
    private boolean waiting;
    private boolean ephemeral;

    private Builder(long id, String name, LaunchPlan plan) {
      this.id = id;
      this.name = name;
      this.plan = plan;
    }

    /** The plan's descriptors by slot name, lent. */
    public Builder slots(Map<String, Fd> value) {
      slots = value;
      return this;
    }

    /** The three standard streams. */
    public Builder stdio(Stdio in, Stdio out, Stdio err) {
      stdin = in;
      stdout = out;
      stderr = err;
      return this;
    }

    /** A terminal for all three streams. */
    public Builder terminal(Stdio.Terminal terminal) {
      return stdio(terminal, terminal, terminal);
    }

    /** The log file, lent. */
    public Builder log(@Nullable Fd value) {
      log = value;
      return this;
    }

    /** Namespaces to make. */
    public Builder cloneFlags(long value) {
      cloneFlags = value;
      return this;
    }

    /** The cgroup v2 directory to be born in, lent. */
    public Builder cgroup(@Nullable Fd value) {
      cgroup = value;
      return this;
    }

    /** The PID namespace to be born in, lent. */
    public Builder pidNamespace(@Nullable Fd value) {
      pidNamespace = value;
      return this;
    }

    /** Whether {@link Keeper#go} starts it. */
    public Builder waiting(boolean value) {
      waiting = value;
      return this;
    }

    /** Whether its exit needs no memory. */
    public Builder ephemeral(boolean value) {
      ephemeral = value;
      return this;
    }

    /** The request. */
    public LaunchRequest build() {
      return new LaunchRequest(
          id,
          name,
          plan,
          slots,
          stdin,
          stdout,
          stderr,
          log,
          cloneFlags,
          cgroup,
          pidNamespace,
          waiting,
          ephemeral);
    }
  }
}
