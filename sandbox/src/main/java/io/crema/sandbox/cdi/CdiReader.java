package io.crema.sandbox.cdi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Reads a CDI file, JSON or YAML, with the strictness that the specification asks for: an unknown
 * field is an error, since it may be what makes the device work or keeps it safe.
 */
final class CdiReader {
  /** More than a file that describes devices can need. */
  private static final long MAX_SIZE = 4 << 20;

  private static final Set<String> VERSIONS =
      Set.of("0.3.0", "0.4.0", "0.5.0", "0.6.0", "0.7.0", "0.8.0", "1.0.0", "1.1.0");
  private static final Set<String> OPTIONS =
      Set.of(
          "bind",
          "rbind",
          "ro",
          "rw",
          "nosuid",
          "nodev",
          "noexec",
          "private",
          "rprivate",
          "slave",
          "rslave",
          "shared",
          "rshared",
          "suid",
          "dev",
          "exec");
  private static final YAMLMapper YAML = YAMLMapper.builder().build();

  private final Path file;

  private CdiReader(Path file) {
    this.file = file;
  }

  /**
   * @throws CdiException naming the file and what is wrong with it
   */
  static CdiSpec read(Path file) throws CdiException {
    try {
      if (Files.size(file) > MAX_SIZE) {
        throw new CdiException(file + ": larger than " + MAX_SIZE + " bytes");
      }
      JsonNode root = YAML.readTree(Files.readAllBytes(file)); // JSON is YAML
      return new CdiReader(file).spec(root);
    } catch (IOException e) {
      throw new CdiException(file + ": can't be read: " + e.getMessage());
    } catch (JacksonException e) {
      throw new CdiException(file + ": is neither JSON nor YAML: " + e.getOriginalMessage());
    }
  }

  private CdiException wrong(String where, String problem) {
    return new CdiException(file + ": " + where + ": " + problem);
  }

  private void only(JsonNode node, String where, Set<String> known) throws CdiException {
    if (!node.isObject()) {
      throw wrong(where, "must be an object");
    }
    for (String name : node.propertyNames()) {
      if (!known.contains(name)) {
        throw wrong(where, "unknown field " + name);
      }
    }
  }

  private CdiSpec spec(JsonNode root) throws CdiException {
    only(
        root,
        "the specification",
        Set.of("cdiVersion", "kind", "annotations", "devices", "containerEdits"));
    String version = text(root, "cdiVersion", "cdiVersion");
    if (!VERSIONS.contains(version)) {
      throw wrong("cdiVersion", "\"" + version + "\" is none of the versions that Crema knows");
    }
    String kind = text(root, "kind", "kind");
    if (!CdiNames.isKind(kind)) {
      throw wrong("kind", "\"" + kind + "\" is no vendor/class");
    }
    Map<String, CdiEdits> devices = new HashMap<>();
    for (JsonNode device : list(root, "devices", "devices")) {
      only(device, "devices", Set.of("name", "annotations", "containerEdits"));
      String name = text(device, "name", "devices.name");
      if (!CdiNames.isDevice(name)) {
        throw wrong("devices.name", "\"" + name + "\" is no name of a device");
      }
      CdiEdits edits = edits(device.path("containerEdits"), "device " + name + ": containerEdits");
      if (devices.put(name, edits) != null) {
        throw wrong("device " + name, "is there twice");
      }
    }
    if (devices.isEmpty()) {
      throw wrong("devices", "there are none");
    }
    return new CdiSpec(file, kind, devices, edits(root.path("containerEdits"), "containerEdits"));
  }

  private CdiEdits edits(JsonNode node, String where) throws CdiException {
    if (node.isMissingNode() || node.isNull()) {
      return CdiEdits.NONE;
    }
    only(
        node,
        where,
        Set.of(
            "env", "deviceNodes", "netDevices", "hooks", "mounts", "intelRdt", "additionalGids"));
    List<String> env = new ArrayList<>();
    for (JsonNode e : list(node, "env", where + ".env")) {
      if (e.asString("").indexOf('=') <= 0) {
        throw wrong(where + ".env", "\"" + e.asString("") + "\" is no NAME=value");
      }
      env.add(e.asString(""));
    }
    List<CdiEdits.Node> nodes = new ArrayList<>();
    for (JsonNode n : list(node, "deviceNodes", where + ".deviceNodes")) {
      nodes.add(deviceNode(n, where + ".deviceNodes"));
    }
    List<CdiEdits.Mount> mounts = new ArrayList<>();
    for (JsonNode m : list(node, "mounts", where + ".mounts")) {
      mounts.add(mount(m, where + ".mounts"));
    }
    List<Long> groups = new ArrayList<>();
    for (JsonNode g : list(node, "additionalGids", where + ".additionalGids")) {
      groups.add(number(g, where + ".additionalGids", 0xffff_fffeL));
    }
    List<String> hooks = new ArrayList<>();
    for (JsonNode h : list(node, "hooks", where + ".hooks")) {
      hooks.add(h.path("hookName").asString("") + " " + h.path("path").asString(""));
    }
    List<String> unsupported = new ArrayList<>();
    if (!node.path("intelRdt").isMissingNode()) {
      unsupported.add("intelRdt");
    }
    if (!list(node, "netDevices", where + ".netDevices").isEmpty()) {
      unsupported.add("netDevices");
    }
    return new CdiEdits(env, nodes, mounts, groups, hooks, unsupported);
  }

  private CdiEdits.Node deviceNode(JsonNode n, String where) throws CdiException {
    only(
        n,
        where,
        Set.of(
            "path", "hostPath", "type", "major", "minor", "fileMode", "permissions", "uid", "gid"));
    String path = absolute(n, "path", where);
    String type = optional(n, "type", where);
    if (!Set.of("", "b", "c", "u").contains(type)) {
      throw wrong(where, path + ": type \"" + type + "\" is neither b nor c");
    }
    String permissions = optional(n, "permissions", where);
    if (!permissions.matches("[rwm]*")) {
      throw wrong(where, path + ": permissions \"" + permissions + "\" are not of r, w and m");
    }
    return new CdiEdits.Node(
        path,
        n.has("hostPath") ? absolute(n, "hostPath", where) : path,
        type.equals("u") ? "c" : type,
        integer(n, "major", where, 0xfff),
        integer(n, "minor", where, 0xfffff),
        integer(n, "fileMode", where, 07777777),
        permissions.isEmpty() ? "rwm" : permissions,
        id(n, "uid", where),
        id(n, "gid", where));
  }

  private CdiEdits.Mount mount(JsonNode m, String where) throws CdiException {
    only(m, where, Set.of("hostPath", "containerPath", "options", "type"));
    String target = absolute(m, "containerPath", where);
    String type = optional(m, "type", where);
    if (!Set.of("", "bind", "none").contains(type)) {
      throw wrong(where, target + ": mounts of type " + type + " are not supported, only bind");
    }
    List<String> options = new ArrayList<>();
    for (JsonNode o : list(m, "options", where + ".options")) {
      if (!OPTIONS.contains(o.asString(""))) {
        throw wrong(where, target + ": option \"" + o.asString("") + "\" is not supported");
      }
      options.add(o.asString(""));
    }
    return new CdiEdits.Mount(absolute(m, "hostPath", where), target, options);
  }

  private String absolute(JsonNode node, String name, String where) throws CdiException {
    String path = text(node, name, where + "." + name);
    if (!path.startsWith("/") || path.indexOf('\0') >= 0) {
      throw wrong(where + "." + name, "\"" + path + "\" is not absolute");
    }
    return path;
  }

  private String text(JsonNode node, String name, String where) throws CdiException {
    JsonNode value = node.path(name);
    // a version such as 1.0 would be a number of YAML's; the specification has strings
    if (!value.isString() || value.asString("").isEmpty()) {
      throw wrong(where, "must be a text that isn't empty");
    }
    return value.asString("");
  }

  private String optional(JsonNode node, String name, String where) throws CdiException {
    JsonNode value = node.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return "";
    }
    if (!value.isString()) {
      throw wrong(where + "." + name, "must be a text");
    }
    return value.asString("");
  }

  private List<JsonNode> list(JsonNode node, String name, String where) throws CdiException {
    JsonNode value = node.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return List.of();
    }
    if (!value.isArray()) {
      throw wrong(where, "must be a list");
    }
    List<JsonNode> all = new ArrayList<>();
    value.forEach(all::add);
    return all;
  }

  private @Nullable Integer integer(JsonNode node, String name, String where, long max)
      throws CdiException {
    return node.has(name) ? (int) number(node.path(name), where + "." + name, max) : null;
  }

  private @Nullable Long id(JsonNode node, String name, String where) throws CdiException {
    return node.has(name) ? number(node.path(name), where + "." + name, 0xffff_fffeL) : null;
  }

  private long number(JsonNode value, String where, long max) throws CdiException {
    if (!value.isIntegralNumber() || value.asLong() < 0 || value.asLong() > max) {
      throw wrong(where, value + " is no number from 0 to " + max);
    }
    return value.asLong();
  }
}
