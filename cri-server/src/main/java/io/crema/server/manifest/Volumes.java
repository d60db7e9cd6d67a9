package io.crema.server.manifest;

import io.fabric8.kubernetes.api.model.Volume;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Volumes: which kinds there are, and the directories behind them. */
final class Volumes {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private static final List<String> HOST_PATH_TYPES =
      List.of(
          "",
          "DirectoryOrCreate",
          "Directory",
          "FileOrCreate",
          "File",
          "Socket",
          "CharDevice",
          "BlockDevice");

  private Volumes() {}

  /** Checks {@code volumes} and gathers their names. */
  static void check(List<Volume> volumes, Problems problems, Set<String> names) {
    for (int i = 0; i < volumes.size(); i++) {
      Volume volume = volumes.get(i);
      String path = "spec.volumes[%d]".formatted(i);
      if (volume.getName() == null || volume.getName().isEmpty()) {
        problems.required(path + ".name");
      } else if (!names.add(volume.getName())) {
        problems.add(
            path + ".name", "'%s' is the name of another volume".formatted(volume.getName()));
      }
      List<String> kinds = kinds(volume);
      if (kinds.isEmpty()) {
        problems.add(path, "expected emptyDir or hostPath");
      }
      if (kinds.size() > 1) {
        problems.add(path, "has more than one kind: " + String.join(", ", kinds));
      }
      for (String kind : kinds) {
        if (!kind.equals("emptyDir") && !kind.equals("hostPath")) {
          problems.add(
              path + "." + kind,
              "volumes of this kind are not supported by crema up; expected emptyDir or hostPath");
        }
      }
      if (volume.getHostPath() != null) {
        hostPath(path + ".hostPath", volume, problems);
      }
    }
  }

  private static void hostPath(String path, Volume volume, Problems problems) {
    @Nullable String host = volume.getHostPath().getPath();
    if (host == null || !host.startsWith("/")) {
      problems.add(path + ".path", "expected an absolute path");
    }
    @Nullable String type = volume.getHostPath().getType();
    if (type != null && !HOST_PATH_TYPES.contains(type)) {
      problems.add(
          path + ".type",
          "'%s' is not one of %s"
              .formatted(
                  type, String.join(", ", HOST_PATH_TYPES.subList(1, HOST_PATH_TYPES.size()))));
    }
  }

  /** The fields beside the name that are set. */
  private static List<String> kinds(Volume volume) {
    Map<?, ?> fields = MAPPER.convertValue(volume, Map.class);
    return fields.entrySet().stream()
        .filter(field -> field.getValue() != null && !"name".equals(field.getKey()))
        .map(field -> String.valueOf(field.getKey()))
        .sorted()
        .toList();
  }

  /**
   * The directory or file behind a volume, made if need be.
   *
   * @param group owner of an emptyDir, as fsGroup asks; null for none
   */
  static Path prepare(Volume volume, PodPlace place, @Nullable Long group) throws IOException {
    if (volume.getHostPath() != null) {
      return hostPath(volume);
    }
    boolean memory = "Memory".equals(volume.getEmptyDir().getMedium());
    Path directory =
        (memory ? place.memory() : place.disk().resolve("volumes")).resolve(volume.getName());
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(directory);
      // As the kubelet makes it: anybody may write, whichever user the containers run as.
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
      if (group != null) {
        Files.setAttribute(directory, "unix:gid", group.intValue());
      }
    }
    return directory;
  }

  private static Path hostPath(Volume volume) throws IOException {
    Path path = Path.of(volume.getHostPath().getPath());
    @Nullable String asked = volume.getHostPath().getType();
    String type = asked == null ? "" : asked;
    if (type.equals("DirectoryOrCreate")) {
      Files.createDirectories(path);
    } else if (type.equals("FileOrCreate") && !Files.exists(path)) {
      Files.createFile(path);
    }
    boolean fits =
        switch (type) {
          case "" -> true;
          case "Directory", "DirectoryOrCreate" -> Files.isDirectory(path);
          case "File", "FileOrCreate" -> Files.isRegularFile(path);
          default -> Files.exists(path);
        };
    if (!fits) {
      throw new IOException(
          "volume %s: %s is no %s".formatted(volume.getName(), path, type.replace("OrCreate", "")));
    }
    return path;
  }
}
