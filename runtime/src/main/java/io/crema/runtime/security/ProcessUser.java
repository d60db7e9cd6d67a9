package io.crema.runtime.security;

import java.util.List;

/**
 * Who a container's process is.
 *
 * @param groups supplementary groups, ascending, with {@code gid} among them
 * @param home the home directory that /etc/passwd names, or {@code /}
 */
public record ProcessUser(int uid, int gid, List<Integer> groups, String home) {
  public ProcessUser {
    groups = List.copyOf(groups);
  }
}
