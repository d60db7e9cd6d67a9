package io.crema.runtime.launch;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A process in a container: what it executes and what it may do.
 *
 * @param args at least one; the first is looked up in {@code PATH} of {@code env} unless it has a
 *     slash
 * @param cwd absolute; empty means {@code /}
 * @param groups supplementary groups
 * @param capabilities the bounding, permitted and effective set; bit n is capability n
 *     (capabilities(7))
 * @param ambient the ambient and inheritable set, within {@code capabilities}
 * @param oomScoreAdj for /proc/self/oom_score_adj, which the host must allow; null leaves it
 * @param apparmorProfile empty for none
 * @param selinuxLabel empty for none
 */
public record ProcessSpec(
    List<String> args,
    List<EnvEntry> env,
    String cwd,
    int uid,
    int gid,
    List<Integer> groups,
    long capabilities,
    long ambient,
    boolean noNewPrivileges,
    List<Rlimit> rlimits,
    @Nullable SeccompFilter seccomp,
    @Nullable Integer oomScoreAdj,
    String apparmorProfile,
    String selinuxLabel,
    StdioSpec stdio) {
  public ProcessSpec {
    args = List.copyOf(args);
    env = List.copyOf(env);
    groups = List.copyOf(groups);
    rlimits = List.copyOf(rlimits);
    if (args.isEmpty() || args.getFirst().isEmpty()) {
      throw new IllegalArgumentException("no command specified");
    }
    if (cwd.isEmpty()) {
      cwd = "/";
    }
    if (!cwd.startsWith("/")) {
      throw new IllegalArgumentException("working directory " + cwd + ": must be absolute");
    }
    if ((ambient & ~capabilities) != 0) {
      throw new IllegalArgumentException("ambient capabilities beyond the permitted ones");
    }
  }

  /** The same, executing something else: an exec into the container. */
  public ProcessSpec with(List<String> newArgs, StdioSpec newStdio) {
    return new ProcessSpec(
        newArgs,
        env,
        cwd,
        uid,
        gid,
        groups,
        capabilities,
        ambient,
        noNewPrivileges,
        rlimits,
        seccomp,
        oomScoreAdj,
        apparmorProfile,
        selinuxLabel,
        newStdio);
  }

  /** The same with one more variable in its environment, or another value of it. */
  public ProcessSpec withEnvironment(EnvEntry entry) {
    List<EnvEntry> changed = new ArrayList<>(env);
    changed.removeIf(e -> e.name().equals(entry.name()));
    changed.add(entry);
    return new ProcessSpec(
        args,
        changed,
        cwd,
        uid,
        gid,
        groups,
        capabilities,
        ambient,
        noNewPrivileges,
        rlimits,
        seccomp,
        oomScoreAdj,
        apparmorProfile,
        selinuxLabel,
        stdio);
  }
}
