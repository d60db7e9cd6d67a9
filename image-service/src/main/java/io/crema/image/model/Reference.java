package io.crema.image.model;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A normalised image reference, {@code domain/path[:tag][@digest]}, always with a tag or a digest.
 *
 * <p>The grammar and the defaults ({@code docker.io}, {@code library/}, {@code latest}) are those
 * of github.com/distribution/reference: normalize.go and regexp.go.
 *
 * @param domain registry host, with port if given, never empty
 * @param path repository within the registry
 * @param tag null when only a digest was given
 * @param digest null when only a tag was given
 */
public record Reference(String domain, String path, @Nullable String tag, @Nullable Digest digest) {

  /** {@code [a-z0-9]+} joined by {@code .}, {@code _}, {@code __} or dashes. */
  private static final String COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";

  private static final Pattern PATH = Pattern.compile(COMPONENT + "(?:/" + COMPONENT + ")*");
  private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");

  private static final String LABEL = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
  private static final Pattern DOMAIN =
      Pattern.compile("(?:" + LABEL + "(?:\\." + LABEL + ")*|\\[[a-fA-F0-9:]+])(?::[0-9]+)?");
  private static final Pattern TRAILING_TAG = Pattern.compile(":([^/:]*)$");
  private static final Pattern BARE_ID = Pattern.compile("[a-f0-9]{64}");

  private static final String DEFAULT_DOMAIN = "docker.io";
  private static final String LEGACY_DEFAULT_DOMAIN = "index.docker.io";
  private static final String OFFICIAL = "library/";
  private static final String DEFAULT_TAG = "latest";
  private static final int MAX_NAME = 255;
  private static final int MAX_TEXT = 1024;

  public Reference {
    if (!DOMAIN.matcher(domain).matches()) {
      throw new IllegalArgumentException("registry host \"" + domain + "\" is not valid");
    }
    if (!PATH.matcher(path).matches()) {
      throw new IllegalArgumentException(
          path.isEmpty()
              ? "repository name is empty"
              : "repository name \""
                  + path
                  + "\" may have only lower-case letters, digits, and single . _ - between them");
    }
    if (path.length() > MAX_NAME) {
      throw new IllegalArgumentException("repository name is longer than 255 characters");
    }
    if (tag != null && !TAG.matcher(tag).matches()) {
      throw new IllegalArgumentException(
          "tag \"" + tag + "\" is not 1 to 128 letters, digits, _ . - (not starting with . or -)");
    }
    if (tag == null && digest == null) {
      throw new IllegalArgumentException("neither tag nor digest");
    }
  }

  /**
   * Reads and normalises what people and the kubelet write.
   *
   * @throws IllegalArgumentException naming {@code text} and what is wrong with it
   */
  public static Reference parse(String text) {
    if (text.length() > MAX_TEXT) {
      throw new IllegalArgumentException(
          "image reference of " + text.length() + " characters: 1024 are allowed");
    }
    try {
      return parseChecked(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("image reference \"" + text + "\": " + e.getMessage(), e);
    }
  }

  private static Reference parseChecked(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("it is empty");
    }
    if (BARE_ID.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "64 hex digits are an image id; a repository of that name can't be pulled");
    }
    String rest = text;
    Digest digest = null;
    int at = rest.indexOf('@');
    if (at >= 0) {
      digest = Digest.parse(rest.substring(at + 1));
      rest = rest.substring(0, at);
    }
    String tag = null;
    Matcher m = TRAILING_TAG.matcher(rest);
    // "host:5000" alone is a name with a tag, as docker reads it; a port has a slash after it
    if (m.find() && m.start() > 0) {
      tag = m.group(1);
      rest = rest.substring(0, m.start());
    }
    String domain = DEFAULT_DOMAIN;
    String path = rest;
    int slash = rest.indexOf('/');
    if (slash >= 0 && looksLikeDomain(rest.substring(0, slash))) {
      domain = rest.substring(0, slash);
      path = rest.substring(slash + 1);
    }
    if (domain.equals(LEGACY_DEFAULT_DOMAIN)) {
      domain = DEFAULT_DOMAIN;
    }
    if (domain.equals(DEFAULT_DOMAIN) && path.indexOf('/') < 0) {
      path = OFFICIAL + path;
    }
    return new Reference(domain, path, tag == null && digest == null ? DEFAULT_TAG : tag, digest);
  }

  /** As normalize.go's splitDockerDomain: a dot, a port, localhost or an upper-case letter. */
  private static boolean looksLikeDomain(String first) {
    return first.indexOf('.') >= 0
        || first.indexOf(':') >= 0
        || first.equals("localhost")
        || first.chars().anyMatch(c -> c >= 'A' && c <= 'Z');
  }

  /** {@code domain/path}. */
  public String repository() {
    return domain + "/" + path;
  }

  /** What to ask the registry for: the digest when there is one, else the tag. */
  public String identifier() {
    return digest != null ? digest.toString() : String.valueOf(tag);
  }

  /**
   * {@code domain/path:tag}, absent for a reference by digest (the tag beside a digest is not a
   * promise).
   */
  public Optional<String> tagged() {
    return digest == null ? Optional.of(repository() + ":" + tag) : Optional.empty();
  }

  /** {@code domain/path@digest} for the digest {@code target}. */
  public String withDigest(Digest target) {
    return repository() + "@" + target;
  }

  /**
   * The form that names exactly one thing; a tag beside a digest is dropped, as containerd does.
   */
  public String canonical() {
    return digest != null ? withDigest(digest) : repository() + ":" + tag;
  }

  @Override
  public String toString() {
    return repository() + (tag == null ? "" : ":" + tag) + (digest == null ? "" : "@" + digest);
  }
}
