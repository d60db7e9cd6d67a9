package io.crema.sandbox.cdi;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a device does to a container (SPEC.md, containerEdits).
 *
 * @param env {@code NAME=value}
 * @param hooks what would have to run, in words; Crema runs none
 * @param unsupported other things that Crema can't do, in words
 */
public record CdiEdits(
    List<String> env,
    List<Node> nodes,
    List<Mount> mounts,
    List<Long> groups,
    List<String> hooks,
    List<String> unsupported) {
  /** Nothing. */
  static final CdiEdits NONE =
      new CdiEdits(List.of(), List.of(), List.of(), List.of(), List.of(), List.of());

  public CdiEdits {
    env = List.copyOf(env);
    nodes = List.copyOf(nodes);
    mounts = List.copyOf(mounts);
    groups = List.copyOf(groups);
    hooks = List.copyOf(hooks);
    unsupported = List.copyOf(unsupported);
  }

  /** This, then {@code more}. */
  CdiEdits and(CdiEdits more) {
    return new CdiEdits(
        join(env, more.env),
        join(nodes, more.nodes),
        join(mounts, more.mounts),
        join(groups, more.groups),
        join(hooks, more.hooks),
        join(unsupported, more.unsupported));
  }

  private static <T> List<T> join(List<T> one, List<T> two) {
    List<T> all = new ArrayList<>(one);
    all.addAll(two);
    return all;
  }

  /**
   * A device node; what is null is as the host's node of that path.
   *
   * @param hostPath the same as {@code path} unless said otherwise
   * @param type {@code b} or {@code c}, or empty
   * @param mode permission bits
   * @param permissions as a cgroup has them, {@code rwm} unless said otherwise
   */
  public record Node(
      String path,
      String hostPath,
      String type,
      @Nullable Integer major,
      @Nullable Integer minor,
      @Nullable Integer mode,
      String permissions,
      @Nullable Long uid,
      @Nullable Long gid) {}

  /** A bind mount; options as mount(8) has them. */
  public record Mount(String hostPath, String containerPath, List<String> options) {
    public Mount {
      options = List.copyOf(options);
    }
  }
}
