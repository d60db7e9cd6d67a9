package io.crema.image.rig;

import io.crema.image.model.Blob;
import io.crema.image.model.Digest;
import io.crema.image.model.Manifests;
import io.crema.image.model.Platform;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** An image's blobs, made up layer by layer. */
public final class TestImage {
  public static final String GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";
  public static final String ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd";
  public static final String TAR = "application/vnd.oci.image.layer.v1.tar";
  public static final String CONFIG = "application/vnd.oci.image.config.v1+json";

  private final List<Blob> layers = new ArrayList<>();
  private final List<byte[]> contents = new ArrayList<>();
  private final List<Digest> diffIds = new ArrayList<>();
  private Platform platform = Platform.host();
  private String more = "";

  /** One layer with one file. */
  public static TestImage of(String content) {
    return new TestImage().gzip(new Tar().file("content", content).end());
  }

  public TestImage gzip(byte[] tar) {
    return layer(GZIP, Packed.gzip(tar), Digest.of(tar));
  }

  public TestImage zstd(byte[] tar) {
    return layer(ZSTD, Packed.zstd(tar), Digest.of(tar));
  }

  public TestImage plain(byte[] tar) {
    return layer(TAR, tar, Digest.of(tar));
  }

  public TestImage layer(String type, byte[] packed, Digest diffId) {
    return layer(new Blob(type, Digest.of(packed), packed.length), packed, diffId);
  }

  /** A layer whose descriptor may promise what the content isn't. */
  public TestImage layer(Blob descriptor, byte[] packed, Digest diffId) {
    layers.add(descriptor);
    contents.add(packed);
    diffIds.add(diffId);
    return this;
  }

  public TestImage platform(Platform other) {
    platform = other;
    return this;
  }

  /** Fields of the configuration's {@code config} object, as JSON. */
  public TestImage config(String fields) {
    more = fields;
    return this;
  }

  public byte[] config() {
    return """
        {"os":"%s","architecture":"%s","variant":"%s","config":{%s},
         "rootfs":{"type":"layers","diff_ids":[%s]}}"""
        .formatted(
            platform.os(),
            platform.architecture(),
            platform.variant(),
            more,
            diffIds.stream().map(d -> "\"" + d + "\"").collect(Collectors.joining(",")))
        .getBytes(StandardCharsets.UTF_8);
  }

  /** The image's id. */
  public String id() {
    return Digest.of(config()).toString();
  }

  public byte[] manifest() {
    return """
        {"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}"""
        .formatted(
            Manifests.OCI_MANIFEST,
            descriptor(new Blob(CONFIG, Digest.of(config()), config().length)),
            layers.stream().map(TestImage::descriptor).collect(Collectors.joining(",")))
        .getBytes(StandardCharsets.UTF_8);
  }

  public Digest manifestDigest() {
    return Digest.of(manifest());
  }

  public List<Blob> layers() {
    return List.copyOf(layers);
  }

  public Digest layer(int index) {
    return layers.get(index).digest();
  }

  public Digest diffId(int index) {
    return diffIds.get(index);
  }

  /** Puts all of it into {@code registry}. */
  public TestImage push(TestRegistry registry, String repository, String tag) {
    for (int i = 0; i < layers.size(); i++) {
      registry.blob(layers.get(i).digest(), contents.get(i));
    }
    registry.blob(Digest.of(config()), config());
    registry.manifest(repository, tag, Manifests.OCI_MANIFEST, manifest());
    return this;
  }

  private static String descriptor(Blob b) {
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
        .formatted(b.mediaType(), b.digest(), b.size());
  }

  /** An index's entry for this image. */
  public String entry(String platform) {
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d%s}"
        .formatted(
            Manifests.OCI_MANIFEST,
            manifestDigest(),
            manifest().length,
            platform.isEmpty() ? "" : ",\"platform\":" + platform);
  }

  /** An index of {@code entries}. */
  public static byte[] index(String... entries) {
    return "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}"
        .formatted(Manifests.OCI_INDEX, String.join(",", entries))
        .getBytes(StandardCharsets.UTF_8);
  }
}
