package io.crema.runtime.security;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who a container's process shall be, as the CRI and the image say it.
 *
 * @param uid CRI run_as_user; a name wins over it
 * @param username CRI run_as_username, or empty
 * @param gid CRI run_as_group
 * @param imageUser the image's USER ({@code user}, {@code uid}, {@code user:group}, {@code
 *     uid:gid}), or empty; counts when neither uid nor username is given
 * @param supplementalGroups CRI supplemental_groups
 */
public record UserRequest(
    @Nullable Long uid,
    String username,
    @Nullable Long gid,
    String imageUser,
    List<Long> supplementalGroups,
    GroupPolicy policy) {

  /** Where supplementary groups come from. */
  public enum GroupPolicy {
    /** From the request and from the image's /etc/group. */
    MERGE,
    /** From the request only. */
    STRICT
  }

  /** Root, with what groups the image gives it. */
  public static final UserRequest ROOT =
      new UserRequest(null, "", null, "", List.of(), GroupPolicy.MERGE);

  public UserRequest {
    supplementalGroups = List.copyOf(supplementalGroups);
  }
}
