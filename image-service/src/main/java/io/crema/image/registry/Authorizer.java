package io.crema.image.registry;

import io.crema.image.model.Credentials;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What to put into the Authorization header, for one pull: tokens are kept as long as that takes.
 */
final class Authorizer {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int MAX_TOKEN = 1 << 20;

  private final Credentials credentials;
  private final Duration timeout;
  private final Map<String, String> byHost = new ConcurrentHashMap<>();

  Authorizer(Credentials credentials, Duration timeout) {
    this.credentials = credentials;
    this.timeout = timeout;
  }

  /** The header for {@code host}, if something is known to be wanted. */
  @Nullable String header(RegistryHost host) {
    String known = byHost.get(host.authority());
    if (known != null) {
      return known;
    }
    Credentials own = credentials.forHost(host.authority());
    return own.registryToken().isEmpty() ? null : "Bearer " + own.registryToken();
  }

  /** Does what {@code challenge} asks; false when there is nothing to do it with. */
  boolean answer(RegistryHost host, HttpClient http, Challenge challenge, String repository)
      throws IOException, InterruptedException {
    Credentials own = credentials.forHost(host.authority());
    if (challenge.scheme().equals("basic")) {
      if (own.username().isEmpty()) {
        return false;
      }
      byHost.put(host.authority(), basic(own));
      return true;
    }
    String token = token(http, own, challenge, repository);
    if (token.isEmpty()) {
      return false;
    }
    byHost.put(host.authority(), "Bearer " + token);
    return true;
  }

  private static String basic(Credentials c) {
    return "Basic "
        + Base64.getEncoder()
            .encodeToString((c.username() + ":" + c.password()).getBytes(StandardCharsets.UTF_8));
  }

  /** The token flow of the distribution specification (docs/spec/auth/token.md, oauth.md). */
  private String token(HttpClient http, Credentials own, Challenge challenge, String repository)
      throws IOException, InterruptedException {
    String realm = challenge.parameters().getOrDefault("realm", "");
    URI uri = URI.create(realm);
    String scheme = String.valueOf(uri.getScheme());
    if (!scheme.equals("https") && !scheme.equals("http")) {
      throw new IOException("token realm \"" + realm + "\" is not an http address");
    }
    String service = challenge.parameters().getOrDefault("service", "");
    String scope =
        challenge.parameters().getOrDefault("scope", "repository:" + repository + ":pull");
    HttpRequest.Builder request = HttpRequest.newBuilder().timeout(timeout);
    if (own.identityToken().isEmpty()) {
      String query = "service=" + encode(service) + "&scope=" + encode(scope);
      request.uri(URI.create(realm + (realm.contains("?") ? "&" : "?") + query)).GET();
      if (!own.username().isEmpty()) {
        request.header("Authorization", basic(own));
      }
    } else {
      request
          .uri(uri)
          .header("Content-Type", "application/x-www-form-urlencoded")
          .POST(
              HttpRequest.BodyPublishers.ofString(
                  "grant_type=refresh_token&client_id=crema&service="
                      + encode(service)
                      + "&scope="
                      + encode(scope)
                      + "&refresh_token="
                      + encode(own.identityToken())));
    }
    HttpResponse<java.io.InputStream> response =
        http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    try (var body = response.body()) {
      if (response.statusCode() == 401 || response.statusCode() == 403) {
        return "";
      }
      if (response.statusCode() != 200) {
        throw new IOException(
            "token server " + uri.getRawAuthority() + " answers " + response.statusCode());
      }
      JsonNode json = JSON.readTree(body.readNBytes(MAX_TOKEN));
      String token = json.path("token").asString("");
      return token.isEmpty() ? json.path("access_token").asString("") : token;
    } catch (JacksonException e) {
      throw new IOException(
          "token server " + uri.getRawAuthority() + ": " + e.getOriginalMessage());
    }
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
