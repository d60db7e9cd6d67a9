package io.crema.image.model;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * What the CRI's AuthConfig carries; empty strings where it carries nothing. Never printed.
 *
 * @param serverAddress host that these are for; empty means whatever host is asked
 * @param identityToken an OAuth2 refresh token
 * @param registryToken a bearer token to send as it is
 */
public record Credentials(
    String username,
    String password,
    String identityToken,
    String registryToken,
    String serverAddress) {

  /** No credentials. */
  public static final Credentials NONE = new Credentials("", "", "", "", "");

  /**
   * From the CRI message's fields.
   *
   * @param auth base64 of {@code user:password}; used when username is empty
   * @throws IllegalArgumentException when {@code auth} isn't that
   */
  public static Credentials of(
      String username,
      String password,
      String auth,
      String identityToken,
      String registryToken,
      String serverAddress) {
    if (username.isEmpty() && !auth.isEmpty()) {
      String decoded;
      try {
        // Go's decoder skips line ends
        byte[] raw = Base64.getDecoder().decode(auth.strip().replaceAll("[\\r\\n]", ""));
        decoded = new String(raw, StandardCharsets.UTF_8);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("credentials: \"auth\" is not base64");
      }
      int colon = decoded.indexOf(':');
      if (colon < 0) {
        throw new IllegalArgumentException("credentials: \"auth\" is not user:password");
      }
      // containerd strips the NULs that docker's config file pads passwords with (ParseAuth)
      return new Credentials(
          decoded.substring(0, colon),
          decoded.substring(colon + 1).replace("\0", ""),
          identityToken,
          registryToken,
          serverAddress);
    }
    return new Credentials(username, password, identityToken, registryToken, serverAddress);
  }

  /** Whether there is nothing to send. */
  public boolean isEmpty() {
    return username.isEmpty() && identityToken.isEmpty() && registryToken.isEmpty();
  }

  /** These, when they are for {@code host}, else {@link #NONE}. */
  public Credentials forHost(String host) {
    if (serverAddress.isEmpty()) {
      return this;
    }
    String address =
        serverAddress.contains("://")
            ? serverAddress.substring(serverAddress.indexOf("://") + 3)
            : serverAddress;
    int slash = address.indexOf('/');
    String server = slash < 0 ? address : address.substring(0, slash);
    boolean hub = isHub(host) && isHub(server);
    return hub || server.equals(host) ? this : NONE;
  }

  private static boolean isHub(String host) {
    return switch (host) {
      case "docker.io", "index.docker.io", "registry-1.docker.io" -> true;
      default -> false;
    };
  }

  @Override
  public String toString() {
    return isEmpty() ? "Credentials[none]" : "Credentials[hidden]";
  }
}
