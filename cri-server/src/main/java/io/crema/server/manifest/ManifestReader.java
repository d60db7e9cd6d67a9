package io.crema.server.manifest;

import io.crema.server.config.Nearest;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.deser.DeserializationProblemHandler;
import tools.jackson.databind.exc.InvalidFormatException;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Reads YAML files of one or more Pods; every problem of every file is reported together. */
public final class ManifestReader {
  private final List<String> problems = new ArrayList<>();

  private ManifestReader() {}

  /** The pods of {@code files}, in order. */
  public static List<PodManifest> read(List<Path> files) throws ManifestException {
    ManifestReader reader = new ManifestReader();
    List<PodManifest> pods = new ArrayList<>();
    for (Path file : files) {
      try {
        pods.addAll(reader.parse(file.toString(), Files.readString(file)));
      } catch (IOException e) {
        reader.problems.add(
            Files.exists(file) ? "%s: %s".formatted(file, e) : file + ": no such file");
      }
    }
    reader.end();
    return pods;
  }

  /** The same for a text; {@code file} names it in errors. */
  static List<PodManifest> read(String file, String yaml) throws ManifestException {
    ManifestReader reader = new ManifestReader();
    List<PodManifest> pods = reader.parse(file, yaml);
    reader.end();
    return pods;
  }

  private void end() throws ManifestException {
    if (!problems.isEmpty()) {
      throw new ManifestException(problems);
    }
  }

  private List<PodManifest> parse(String file, String yaml) {
    List<LineIndex> lines;
    List<JsonNode> documents;
    try {
      lines = LineIndex.of(yaml);
      documents = documents(yaml);
    } catch (JacksonException e) {
      problems.add("%s:%d: not YAML: %s".formatted(file, line(e), firstLine(e)));
      return List.of();
    }
    List<PodManifest> pods = new ArrayList<>();
    int kinds = 0;
    for (int i = 0; i < documents.size(); i++) {
      JsonNode document = documents.get(i);
      if (document.isNull() || document.isMissingNode()) {
        continue; // an empty document, as after a last "---"
      }
      kinds++;
      Problems found = new Problems(file, lines.get(i));
      if (isPod(document, found)) {
        pod(file, document, found, pods);
      }
      problems.addAll(found.all());
    }
    if (kinds == 0) {
      problems.add(file + ": holds no document; expected at least one of kind Pod");
    }
    return pods;
  }

  private static List<JsonNode> documents(String yaml) {
    List<JsonNode> documents = new ArrayList<>();
    try (MappingIterator<JsonNode> nodes =
        YAMLMapper.builder().build().readerFor(JsonNode.class).readValues(yaml)) {
      nodes.forEachRemaining(documents::add);
    }
    return documents;
  }

  private static boolean isPod(JsonNode document, Problems found) {
    if (!document.isObject()) {
      found.add("", "expected a Pod: a mapping with apiVersion, kind, metadata and spec");
      return false;
    }
    String kind = document.path("kind").asString("");
    String version = document.path("apiVersion").asString("");
    if (kind.isEmpty()) {
      found.add("kind", "is required; expected Pod");
    } else if (!kind.equals("Pod")) {
      found.add("kind", "'%s' is not supported; expected Pod".formatted(kind));
    } else if (!version.equals("v1")) {
      found.add(
          "apiVersion",
          version.isEmpty()
              ? "is required; expected v1"
              : "expected v1, not '%s'".formatted(version));
    } else {
      return true;
    }
    return false;
  }

  private static void pod(String file, JsonNode document, Problems found, List<PodManifest> pods) {
    YAMLMapper mapper =
        YAMLMapper.builder()
            .annotationIntrospector(new StrictIntrospector())
            .addHandler(new UnknownFields(found))
            .build();
    Pod pod;
    try {
      pod = mapper.treeToValue(document, Pod.class);
    } catch (DatabindException e) {
      found.add(path(e), describe(e));
      return;
    }
    List<String> warnings = PodChecks.check(pod, found);
    pods.add(
        new PodManifest(
            file, pod, warnings.stream().map(warning -> file + ": " + warning).toList()));
  }

  private static String path(DatabindException e) {
    StringBuilder path = new StringBuilder();
    for (JacksonException.Reference reference : e.getPath()) {
      if (reference.getPropertyName() == null) {
        path.append('[').append(reference.getIndex()).append(']');
      } else {
        path.append(path.isEmpty() ? "" : ".").append(reference.getPropertyName());
      }
    }
    return path.toString();
  }

  private static String describe(DatabindException e) {
    return switch (e) {
      case InvalidFormatException wrong ->
          "'%s' is not %s".formatted(wrong.getValue(), kind(wrong.getTargetType()));
      case MismatchedInputException wrong -> "expected " + kind(wrong.getTargetType());
      default -> firstLine(e);
    };
  }

  private static String kind(@Nullable Class<?> type) {
    if (type == null) {
      return "something else";
    }
    if (type == Integer.class || type == Long.class) {
      return "a whole number";
    }
    if (type == Boolean.class) {
      return "true or false";
    }
    if (type == String.class) {
      return "a string";
    }
    if (List.class.isAssignableFrom(type)) {
      return "a list";
    }
    if (Map.class.isAssignableFrom(type)) {
      return "a mapping";
    }
    return "a " + type.getSimpleName();
  }

  private static int line(JacksonException e) {
    return e.getLocation() == null ? 1 : Math.max(1, e.getLocation().getLineNr());
  }

  private static String firstLine(JacksonException e) {
    return String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("");
  }

  /** Fabric8 keeps unknown fields aside in each object; here they are errors. */
  private static final class StrictIntrospector extends JacksonAnnotationIntrospector {
    private static final long serialVersionUID = 1;

    @Override
    public Boolean hasAnySetter(MapperConfig<?> config, Annotated annotated) {
      return false;
    }
  }

  private static final class UnknownFields extends DeserializationProblemHandler {
    private final Problems found;

    UnknownFields(Problems found) {
      this.found = found;
    }

    @Override
    public boolean handleUnknownProperty(
        DeserializationContext context,
        JsonParser parser,
        ValueDeserializer<?> deserializer,
        Object beanOrClass,
        String name) {
      String pointer = parser.streamReadContext().pathAsPointer().toString();
      TreeSet<String> known = new TreeSet<>();
      deserializer.getKnownPropertyNames().forEach(each -> known.add(String.valueOf(each)));
      found.add(LineIndex.path(pointer), "unknown field" + Nearest.hint(name, known));
      parser.skipChildren();
      return true;
    }
  }
}
