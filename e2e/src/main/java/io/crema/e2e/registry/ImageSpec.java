package io.crema.e2e.registry;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.zip.GZIPOutputStream;

/**
 * An image to be made from tar files: one line of a batch file of {@link Main}.
 *
 * @param name repository and tag, {@code a/b:tag}
 * @param layers tar files, lowest first
 * @param format which manifest describes it
 * @param settings the members of the image configuration's {@code config} object, each already JSON
 * @param sameAs a reference that already exists and of which this is one more tag, or empty
 */
public record ImageSpec(
    String name, List<Path> layers, Format format, List<String> settings, String sameAs) {

  /** How an image is described to clients. */
  public enum Format {
    /** Docker's schema 2 manifest. */
    DOCKER,
    /** An OCI manifest. */
    OCI,
    /** An OCI index with this machine's platform and another one's. */
    INDEX
  }

  /**
   * Reads {@code NAME key=value ...}, separated by tabs. Keys: {@code layer}, {@code format},
   * {@code entrypoint} and {@code cmd} (words separated by {@code |}), {@code user}, {@code env},
   * {@code port}, {@code label}, {@code stop}, {@code same} (of another reference).
   */
  public static ImageSpec parse(String line) {
    String[] fields = line.split("\t", -1);
    List<Path> layers = new ArrayList<>();
    List<String> settings = new ArrayList<>();
    List<String> env = new ArrayList<>();
    Format format = Format.DOCKER;
    String sameAs = "";
    for (String field : List.of(fields).subList(1, fields.length)) {
      int eq = field.indexOf('=');
      if (eq < 0) {
        throw new IllegalArgumentException(line + ": expected key=value, found " + field);
      }
      String key = field.substring(0, eq);
      String value = field.substring(eq + 1);
      switch (key) {
        case "layer" -> layers.add(Path.of(value));
        case "format" -> format = Format.valueOf(value);
        case "entrypoint" ->
            settings.add("\"Entrypoint\":" + array(List.of(value.split("\\|", -1))));
        case "cmd" -> settings.add("\"Cmd\":" + array(List.of(value.split("\\|", -1))));
        case "user" -> settings.add("\"User\":" + quote(value));
        case "env" -> env.add(value);
        case "port" -> settings.add("\"ExposedPorts\":{" + quote(value) + ":{}}");
        case "stop" -> settings.add("\"StopSignal\":" + quote(value));
        case "label" -> {
          String[] label = value.split("=", 2);
          settings.add("\"Labels\":{" + quote(label[0]) + ":" + quote(label[1]) + "}");
        }
        case "same" -> sameAs = value;
        default -> throw new IllegalArgumentException(line + ": unknown key " + key);
      }
    }
    if (!env.isEmpty()) {
      settings.add("\"Env\":" + array(env));
    }
    return new ImageSpec(fields[0], layers, format, settings, sameAs);
  }

  /** Makes the image in a layout; returns the digest that its tag means. */
  public String writeTo(Layout layout) throws IOException {
    if (!sameAs.isEmpty()) {
      String digest =
          layout
              .resolve(repository(sameAs), tagOf(sameAs))
              .orElseThrow(() -> new IllegalArgumentException(name + ": there is no " + sameAs));
      layout.tag(repository(name), tagOf(name), digest);
      return digest;
    }
    boolean docker = format == Format.DOCKER;
    StringJoiner diffIds = new StringJoiner(",");
    StringJoiner descriptors = new StringJoiner(",");
    String layerType =
        docker
            ? "application/vnd.docker.image.rootfs.diff.tar.gzip"
            : "application/vnd.oci.image.layer.v1.tar+gzip";
    for (Path layer : layers) {
      try (InputStream in = Files.newInputStream(layer)) {
        diffIds.add(quote(Layout.sha256Of(in)));
      }
      descriptors.add(descriptor(layerType, layout.add(out -> gzip(layer, out)), ""));
    }
    String config =
        "{\"architecture\":%s,\"os\":\"linux\",\"created\":\"1970-01-01T00:00:00Z\",\"config\":{%s},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}"
            .formatted(quote(architecture()), String.join(",", settings), diffIds);
    String configType =
        docker
            ? "application/vnd.docker.container.image.v1+json"
            : "application/vnd.oci.image.config.v1+json";
    Layout.Blob configBlob = layout.add(out -> out.write(bytes(config)));
    String type =
        docker
            ? "application/vnd.docker.distribution.manifest.v2+json"
            : "application/vnd.oci.image.manifest.v1+json";
    String manifest =
        "{\"schemaVersion\":2,\"mediaType\":%s,\"config\":%s,\"layers\":[%s]}"
            .formatted(quote(type), descriptor(configType, configBlob, ""), descriptors);
    Layout.Blob blob = layout.addManifest(repository(name), tagOf(name), type, bytes(manifest));
    return format == Format.INDEX ? index(layout, type, blob) : blob.digest();
  }

  /**
   * The index names a platform that is nobody's first: whoever takes the first entry blindly fails
   * to pull it.
   */
  private String index(Layout layout, String type, Layout.Blob manifest) throws IOException {
    Layout.Blob absent = new Layout.Blob("sha256:" + "0".repeat(64), 100);
    String indexType = "application/vnd.oci.image.index.v1+json";
    String json =
        "{\"schemaVersion\":2,\"mediaType\":%s,\"manifests\":[%s,%s]}"
            .formatted(
                quote(indexType),
                descriptor(
                    type, absent, ",\"platform\":{\"architecture\":\"s390x\",\"os\":\"linux\"}"),
                descriptor(
                    type,
                    manifest,
                    ",\"platform\":{\"architecture\":%s,\"os\":\"linux\"}"
                        .formatted(quote(architecture()))));
    return layout.addManifest(repository(name), tagOf(name), indexType, bytes(json)).digest();
  }

  /** The machine's architecture as OCI names it. */
  static String architecture() {
    String arch = System.getProperty("os.arch", "amd64");
    return arch.equals("aarch64") ? "arm64" : "amd64";
  }

  private static String repository(String reference) {
    return reference.substring(0, reference.lastIndexOf(':'));
  }

  private static String tagOf(String reference) {
    return reference.substring(reference.lastIndexOf(':') + 1);
  }

  private static void gzip(Path file, OutputStream out) throws IOException {
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      Files.copy(file, gzip);
    }
  }

  private static String descriptor(String type, Layout.Blob blob, String more) {
    return "{\"mediaType\":%s,\"digest\":%s,\"size\":%d%s}"
        .formatted(quote(type), quote(blob.digest()), blob.size(), more);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String array(List<String> words) {
    StringJoiner joiner = new StringJoiner(",", "[", "]");
    words.forEach(w -> joiner.add(quote(w)));
    return joiner.toString();
  }

  private static String quote(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
