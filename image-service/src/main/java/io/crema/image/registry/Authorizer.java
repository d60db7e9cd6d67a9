package io.crema.image.registry;

import io.crema.image.model.Credentials;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What to put into the Authorization header, for one pull: a token is fetched once for all of its
 * requests, and again when the registry no longer takes it.
 */
final class Authorizer {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int MAX_TOKEN = 1 << 20;

  private final Http http;
  private final Credentials credentials;
  private final String repository;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, String> byHost = new HashMap<>(); // guarded by lock

  /** For requests on {@code repository}. */
  Authorizer(Http http, Credentials credentials, String repository) {
    this.http = http;
    this.credentials = credentials;
    this.repository = repository;
  }

  /** The header for {@code host}, if something is known to be wanted. */
  @Nullable String header(RegistryHost host) {
    lock.lock();
    try {
      String known = byHost.get(host.authority());
      if (known != null) {
        return known;
      }
    } finally {
      lock.unlock();
    }
    Credentials own = credentials.forHost(host.authority());
    return own.registryToken().isEmpty() ? null : "Bearer " + own.registryToken();
  }

  /**
   * Does what {@code challenge} asks; false when there is nothing to do it with.
   *
   * @param used the header that was refused
   */
  boolean answer(RegistryHost host, Optional<Challenge> challenge, @Nullable String used)
      throws IOException, InterruptedException {
    if (challenge.isEmpty()) {
      return false;
    }
    lock.lockInterruptibly(); // layers that download at once need one token, not each its own
    try {
      if (!Objects.equals(used, byHost.get(host.authority()))
          && byHost.containsKey(host.authority())) {
        return true; // another request has got it meanwhile
      }
      String header = header(host, challenge.get());
      if (header == null || header.equals(used)) {
        return false;
      }
      byHost.put(host.authority(), header);
      return true;
    } finally {
      lock.unlock();
    }
  }

  private @Nullable String header(RegistryHost host, Challenge challenge)
      throws IOException, InterruptedException {
    Credentials own = credentials.forHost(host.authority());
    if (challenge.scheme().equals("basic")) {
      return own.username().isEmpty() ? null : basic(own);
    }
    String token = token(host, own, challenge);
    return token.isEmpty() ? null : "Bearer " + token;
  }

  private static String basic(Credentials c) {
    return "Basic "
        + Base64.getEncoder()
            .encodeToString((c.username() + ":" + c.password()).getBytes(StandardCharsets.UTF_8));
  }

  /** The token flow of the distribution specification (docs/spec/auth/token.md, oauth.md). */
  private String token(RegistryHost host, Credentials own, Challenge challenge)
      throws IOException, InterruptedException {
    URI realm = realm(challenge);
    String service = challenge.parameters().getOrDefault("service", "");
    String scope =
        challenge.parameters().getOrDefault("scope", "repository:" + repository + ":pull");
    String query = "service=" + encode(service) + "&scope=" + encode(scope);
    if (!own.identityToken().isEmpty()) {
      String form =
          "grant_type=refresh_token&client_id=crema&"
              + query
              + "&refresh_token="
              + encode(own.identityToken());
      try (Answer answer = http.post(host, realm, form)) {
        return token(realm, answer);
      }
    }
    URI asked = URI.create(realm + (realm.getRawQuery() == null ? "?" : "&") + query);
    Map<String, List<String>> secret =
        own.username().isEmpty() ? Map.of() : Map.of("Authorization", List.of(basic(own)));
    try (Answer answer = http.get(host, asked, Map.of("User-Agent", List.of("crema")), secret)) {
      return token(realm, answer);
    }
  }

  private static URI realm(Challenge challenge) throws IOException {
    String text = challenge.parameters().getOrDefault("realm", "");
    try {
      URI uri = URI.create(text);
      String scheme = String.valueOf(uri.getScheme());
      if (uri.getHost() != null
          && uri.getRawFragment() == null
          && (scheme.equalsIgnoreCase("https") || scheme.equalsIgnoreCase("http"))) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("token realm \"" + text + "\" is no address", e);
    }
    throw new IOException("token realm \"" + text + "\" is no http address");
  }

  private static String token(URI realm, Answer answer) throws IOException {
    String server = "token server " + realm.getScheme() + "://" + realm.getRawAuthority();
    if (answer.status() == 401 || answer.status() == 403) {
      answer.finish();
      return "";
    }
    if (answer.status() != 200) {
      throw new IOException(server + " answers " + answer.reason());
    }
    try {
      JsonNode json = JSON.readTree(answer.read(MAX_TOKEN));
      String token = json.path("token").asString("");
      return token.isEmpty() ? json.path("access_token").asString("") : token;
    } catch (JacksonException e) {
      throw new IOException(server + " sends no JSON"); // what it sends may be a secret
    }
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
