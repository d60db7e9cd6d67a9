package io.crema.server.manifest;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The downward API: a pod's own fields as values of environment variables. */
final class Downward {
  static final List<String> FIELDS =
      List.of(
          "metadata.name",
          "metadata.namespace",
          "metadata.uid",
          "status.podIP",
          "status.hostIP",
          "spec.nodeName");

  private static final Pattern MAP_ENTRY =
      Pattern.compile("metadata\\.(labels|annotations)\\['(.+)'\\]");

  private Downward() {}

  static boolean isMapEntry(String field) {
    return MAP_ENTRY.matcher(field).matches();
  }

  static String value(String field, Pod pod, PodPlace place, String podIp) {
    Matcher entry = MAP_ENTRY.matcher(field);
    if (entry.matches()) {
      @Nullable Map<String, String> map =
          "labels".equals(entry.group(1))
              ? pod.getMetadata().getLabels()
              : pod.getMetadata().getAnnotations();
      return map == null ? "" : map.getOrDefault(entry.group(2), "");
    }
    return switch (field) {
      case "metadata.name" -> pod.getMetadata().getName();
      case "metadata.namespace" -> PodTranslator.namespace(pod);
      case "metadata.uid" -> place.uid();
      case "status.podIP" -> podIp;
      case "spec.nodeName" -> place.nodeName();
      case "status.hostIP" -> "127.0.0.1";
      default -> throw new IllegalStateException("unchecked field " + field);
    };
  }
}
