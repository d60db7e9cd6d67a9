package io.crema.image.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads manifests, indexes and image configurations; refuses what isn't one, saying why. */
public final class Manifests {
  private static final JsonMapper JSON = JsonMapper.shared();

  public static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
  public static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  public static final String DOCKER_LIST =
      "application/vnd.docker.distribution.manifest.list.v2+json";
  public static final String DOCKER_MANIFEST =
      "application/vnd.docker.distribution.manifest.v2+json";
  private static final String DOCKER_SCHEMA1 =
      "application/vnd.docker.distribution.manifest.v1+json";
  private static final String DOCKER_SCHEMA1_SIGNED =
      "application/vnd.docker.distribution.manifest.v1+prettyjws";

  /** For the Accept header of a manifest request. */
  public static final List<String> ACCEPT =
      List.of(OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST);

  private static final Set<String> CONFIG_TYPES =
      Set.of(
          "application/vnd.oci.image.config.v1+json",
          "application/vnd.docker.container.image.v1+json",
          // what old builders write (containerd images/mediatypes.go)
          "application/octet-stream");

  /** Marks build attestations, which pose as images of an unknown platform. */
  private static final String REFERENCE_TYPE = "vnd.docker.reference.type";

  private Manifests() {}

  /** A parsed document that a tag can point to. */
  public sealed interface Document {}

  /** The document is an image. */
  public record Single(Manifest manifest) implements Document {}

  /** The document lists images by platform. */
  public record Index(List<Entry> entries) implements Document {
    public Index {
      entries = List.copyOf(entries);
    }
  }

  /**
   * One image of an index.
   *
   * @param platform of unknown architecture when the index doesn't say
   */
  public record Entry(Blob blob, Platform platform, boolean attestation) {}

  /**
   * Parses a manifest or index.
   *
   * @param contentType of the response or descriptor; the document's own mediaType wins over
   *     nothing
   */
  public static Document parse(String contentType, byte[] bytes) throws PullException {
    JsonNode root = readObject(bytes, "manifest");
    String own = root.path("mediaType").asString("");
    String type = own.isEmpty() ? mediaTypeOnly(contentType) : own;
    if (type.equals(DOCKER_SCHEMA1)
        || type.equals(DOCKER_SCHEMA1_SIGNED)
        || root.path("schemaVersion").asInt(2) == 1) {
      throw new PullException.Invalid(
          "the image has a Docker schema 1 manifest, which is no longer supported: push it again"
              + " with a current tool");
    }
    boolean hasManifests = root.path("manifests").isArray();
    boolean hasLayers = root.path("layers").isArray() || root.has("config");
    // CVE-2021-41190: a document that can be read both ways is a trick
    if (hasManifests && hasLayers) {
      throw new PullException.Invalid("manifest has both \"manifests\" and \"layers\"");
    }
    return switch (type) {
      case OCI_INDEX, DOCKER_LIST -> index(root);
      case OCI_MANIFEST, DOCKER_MANIFEST -> new Single(manifest(root));
      default -> {
        if (hasManifests) {
          yield index(root);
        }
        if (hasLayers) {
          yield new Single(manifest(root));
        }
        throw new PullException.Invalid(
            "media type \"" + type + "\" is neither an image manifest nor an image index");
      }
    };
  }

  /** Chooses the image for {@code platform}: the best variant; of equals the first. */
  public static Blob choose(Index index, Platform platform) throws PullException {
    Entry best = null;
    int bestMatch = 0;
    for (Entry e : index.entries()) {
      int match = e.attestation() ? 0 : platform.match(e.platform());
      if (match > bestMatch) {
        best = e;
        bestMatch = match;
      }
    }
    if (best == null) {
      List<String> offered =
          index.entries().stream()
              .filter(e -> !e.attestation())
              .map(e -> e.platform().toString())
              .limit(20)
              .toList();
      throw new PullException.NotFound(
          "no image for platform " + platform + "; the index offers " + offered, null);
    }
    return best.blob();
  }

  private static Index index(JsonNode root) throws PullException {
    List<Entry> entries = new ArrayList<>();
    for (JsonNode m : root.path("manifests")) {
      JsonNode p = m.path("platform");
      Platform platform =
          p.isObject()
              ? new Platform(
                  p.path("os").asString(""),
                  p.path("architecture").asString(""),
                  p.path("variant").asString(""))
              // an index of one image without a platform is common from small builders
              : new Platform("unspecified", "unspecified", "");
      boolean attestation =
          m.path("annotations").has(REFERENCE_TYPE) || platform.os().equals("unknown");
      String type = m.path("mediaType").asString("");
      boolean image =
          type.equals(OCI_MANIFEST)
              || type.equals(DOCKER_MANIFEST)
              || type.equals(OCI_INDEX)
              || type.equals(DOCKER_LIST);
      if (image) {
        entries.add(new Entry(blob(m, "manifest of the index"), platform, attestation));
      }
    }
    if (entries.size() == 1 && entries.getFirst().platform().os().equals("unspecified")) {
      entries.set(0, new Entry(entries.getFirst().blob(), Platform.host(), false));
    }
    return new Index(entries);
  }

  private static Manifest manifest(JsonNode root) throws PullException {
    Blob config = blob(root.path("config"), "config");
    if (!CONFIG_TYPES.contains(config.mediaType())) {
      throw new PullException.Invalid(
          "not a container image: its configuration is of type \"" + config.mediaType() + "\"");
    }
    List<Manifest.Layer> layers = new ArrayList<>();
    for (JsonNode l : root.path("layers")) {
      Blob blob = blob(l, "layer " + layers.size());
      layers.add(new Manifest.Layer(blob, compression(blob.mediaType())));
    }
    return new Manifest(config, layers);
  }

  private static Compression compression(String type) throws PullException {
    return switch (type) {
      case "application/vnd.oci.image.layer.v1.tar",
          "application/vnd.docker.image.rootfs.diff.tar" ->
          Compression.NONE;
      case "application/vnd.oci.image.layer.v1.tar+gzip",
          "application/vnd.docker.image.rootfs.diff.tar.gzip",
          "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
          "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip" ->
          Compression.GZIP;
      case "application/vnd.oci.image.layer.nondistributable.v1.tar" -> Compression.NONE;
      case "application/vnd.oci.image.layer.v1.tar+zstd",
          "application/vnd.docker.image.rootfs.diff.tar.zstd",
          "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd" ->
          Compression.ZSTD;
      default ->
          throw new PullException.Invalid(
              type.endsWith("+encrypted")
                  ? "layer type \"" + type + "\": encrypted layers are not supported"
                  : "layer type \"" + type + "\" is not a tar, plain or packed with gzip or zstd");
    };
  }

  private static Blob blob(JsonNode n, String what) throws PullException {
    try {
      if (!n.isObject()) {
        throw new IllegalArgumentException("no descriptor");
      }
      JsonNode size = n.path("size");
      if (!size.isIntegralNumber() || !size.canConvertToLong()) {
        throw new IllegalArgumentException("size is not a number");
      }
      return new Blob(
          n.path("mediaType").asString(""),
          Digest.parse(n.path("digest").asString("")),
          size.asLong());
    } catch (IllegalArgumentException e) {
      throw new PullException.Invalid(what + ": " + e.getMessage(), e);
    }
  }

  /** Parses an image configuration. */
  public static ImageConfig config(byte[] bytes) throws PullException {
    JsonNode root = readObject(bytes, "image configuration");
    JsonNode c = root.path("config");
    List<Digest> diffIds = new ArrayList<>();
    try {
      for (JsonNode d : root.path("rootfs").path("diff_ids")) {
        diffIds.add(Digest.parse(d.asString("")));
      }
    } catch (IllegalArgumentException e) {
      throw new PullException.Invalid("image configuration: diff_ids: " + e.getMessage(), e);
    }
    Map<String, String> labels = new TreeMap<>();
    c.path("Labels").properties().forEach(e -> labels.put(e.getKey(), e.getValue().asString("")));
    return new ImageConfig(
        new Platform(
            root.path("os").asString(""),
            root.path("architecture").asString(""),
            root.path("variant").asString("")),
        root.path("created").asString(""),
        root.path("author").asString(""),
        strings(c.path("Env")),
        strings(c.path("Entrypoint")),
        strings(c.path("Cmd")),
        c.path("User").asString(""),
        c.path("WorkingDir").asString(""),
        keys(c.path("ExposedPorts")),
        keys(c.path("Volumes")),
        labels,
        c.path("StopSignal").asString(""),
        diffIds);
  }

  /** Docker writes a lone string where a list of one is meant; JSON null where there is none. */
  private static List<String> strings(JsonNode n) {
    if (n.isString()) {
      return List.of(n.asString());
    }
    List<String> out = new ArrayList<>();
    for (JsonNode s : n) {
      out.add(s.asString(""));
    }
    return out;
  }

  private static List<String> keys(JsonNode n) {
    return n.isObject() ? n.propertyNames().stream().sorted().toList() : List.of();
  }

  private static JsonNode readObject(byte[] bytes, String what) throws PullException {
    try {
      JsonNode n = JSON.readTree(bytes);
      if (n.isObject()) {
        return n;
      }
    } catch (JacksonException e) {
      throw new PullException.Invalid(what + " is not JSON: " + e.getOriginalMessage(), e);
    }
    throw new PullException.Invalid(what + " is not a JSON object");
  }

  private static String mediaTypeOnly(String contentType) {
    int semicolon = contentType.indexOf(';');
    return (semicolon < 0 ? contentType : contentType.substring(0, semicolon)).strip();
  }
}
