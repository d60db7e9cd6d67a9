package io.crema.image.store;

import io.crema.image.model.Blob;
import io.crema.image.model.Compression;
import io.crema.image.model.Digest;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What is durably known of an image.
 *
 * @param config digest of its configuration: the image's id
 * @param tags {@code domain/path:tag}, sorted
 * @param digests {@code domain/path@digest}, sorted
 * @param size bytes of manifest, configuration and layers in the registry's form
 * @param manifests digests of manifest and index, which are kept with it
 * @param layers bottom first
 */
public record ImageRecord(
    Digest config,
    List<String> tags,
    List<String> digests,
    long size,
    List<Digest> manifests,
    List<Layer> layers) {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int VERSION = 1;

  /** One layer: the blob, and the digest of what it unpacks to. */
  public record Layer(Blob blob, Compression compression, Digest diffId) {}

  public ImageRecord {
    tags = List.copyOf(tags);
    digests = List.copyOf(digests);
    manifests = List.copyOf(manifests);
    layers = List.copyOf(layers);
  }

  /** With one more name of each kind. */
  public ImageRecord named(
      List<String> moreTags, List<String> moreDigests, List<Digest> documents) {
    TreeSet<String> t = new TreeSet<>(tags);
    t.addAll(moreTags);
    TreeSet<String> d = new TreeSet<>(digests);
    d.addAll(moreDigests);
    TreeSet<Digest> m = new TreeSet<>(manifests);
    m.addAll(documents);
    return new ImageRecord(config, List.copyOf(t), List.copyOf(d), size, List.copyOf(m), layers);
  }

  /** Without {@code tag}, which names another image now. */
  public ImageRecord without(String tag) {
    return new ImageRecord(
        config,
        tags.stream().filter(t -> !t.equals(tag)).toList(),
        digests,
        size,
        manifests,
        layers);
  }

  /** As it is stored. */
  public byte[] encode() {
    ObjectNode n = JSON.createObjectNode();
    n.put("version", VERSION);
    n.put("config", config.toString());
    n.put("size", size);
    ArrayNode t = n.putArray("tags");
    tags.forEach(t::add);
    ArrayNode d = n.putArray("digests");
    digests.forEach(d::add);
    ArrayNode m = n.putArray("manifests");
    manifests.forEach(x -> m.add(x.toString()));
    ArrayNode l = n.putArray("layers");
    for (Layer layer : layers) {
      ObjectNode o = l.addObject();
      o.put("digest", layer.blob().digest().toString());
      o.put("size", layer.blob().size());
      o.put("mediaType", layer.blob().mediaType());
      o.put("compression", layer.compression().name());
      o.put("diffId", layer.diffId().toString());
    }
    return JSON.writeValueAsBytes(n);
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws IllegalArgumentException when it is damaged or of a later version
   */
  public static ImageRecord decode(byte[] bytes) {
    JsonNode n = JSON.readTree(bytes);
    if (n.path("version").asInt(0) != VERSION) {
      throw new IllegalArgumentException("version " + n.path("version") + " of an image's record");
    }
    List<Layer> layers = new ArrayList<>();
    for (JsonNode l : n.path("layers")) {
      layers.add(
          new Layer(
              new Blob(
                  l.path("mediaType").asString(""),
                  Digest.parse(l.path("digest").asString("")),
                  l.path("size").asLong()),
              Compression.valueOf(l.path("compression").asString("")),
              Digest.parse(l.path("diffId").asString(""))));
    }
    return new ImageRecord(
        Digest.parse(n.path("config").asString("")),
        strings(n.path("tags")),
        strings(n.path("digests")),
        n.path("size").asLong(),
        strings(n.path("manifests")).stream().map(Digest::parse).toList(),
        layers);
  }

  private static List<String> strings(JsonNode n) {
    List<String> out = new ArrayList<>();
    n.forEach(s -> out.add(s.asString("")));
    return out;
  }
}
