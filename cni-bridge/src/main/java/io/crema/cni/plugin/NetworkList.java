package io.crema.cni.plugin;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A network: plugins that are run one after the other (a "network configuration list").
 *
 * @param source where it comes from, for messages
 * @param version the newest of those that it offers and Crema knows
 * @param plugins their configurations as they are in the file
 */
public record NetworkList(
    String source,
    String name,
    CniVersion version,
    boolean disableCheck,
    boolean disableGc,
    List<ObjectNode> plugins) {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String NAME = "[A-Za-z0-9][A-Za-z0-9_.-]*"; // libcni utils.go

  public NetworkList {
    plugins = List.copyOf(plugins);
  }

  /**
   * Reads a list ({@code .conflist}).
   *
   * @param more configurations of plugins that lie in files of their own, behind those of the list
   * @throws IllegalArgumentException that says what is wrong
   */
  public static NetworkList ofList(String source, String text, List<ObjectNode> more) {
    ObjectNode list = object(text);
    String name = name(list);
    List<ObjectNode> plugins = new ArrayList<>();
    JsonNode own = list.get("plugins");
    if (own != null) {
      if (!own.isArray() || own.isEmpty()) {
        throw new IllegalArgumentException("\"plugins\" is not a list of plugins");
      }
      for (JsonNode plugin : own.values()) {
        plugins.add(plugin(plugin, plugins.size()));
      }
    }
    if (!flag(list, "loadOnlyInlinedPlugins")) {
      for (ObjectNode plugin : more) {
        plugins.add(plugin(plugin, plugins.size()));
      }
    }
    if (plugins.isEmpty()) {
      throw new IllegalArgumentException("it has no plugins");
    }
    return new NetworkList(
        source, name, version(list), flag(list, "disableCheck"), flag(list, "disableGC"), plugins);
  }

  /** Reads a single plugin's configuration ({@code .conf}, {@code .json}) as a list of one. */
  public static NetworkList ofPlugin(String source, String text) {
    ObjectNode plugin = object(text);
    if (plugin.has("plugins") && !plugin.has("type")) {
      throw new IllegalArgumentException("it is a list of plugins: its name must end in .conflist");
    }
    return new NetworkList(
        source, name(plugin), version(plugin), false, false, List.of(plugin(plugin, 0)));
  }

  /** The name of a list, before it is read for good. */
  static String nameOf(String text) {
    return name(object(text));
  }

  static ObjectNode object(String text) {
    try {
      if (JSON.readTree(text) instanceof ObjectNode node) {
        return node;
      }
      throw new IllegalArgumentException("it is not a JSON object");
    } catch (JacksonException e) {
      throw new IllegalArgumentException("it is not JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static String name(ObjectNode node) {
    return text(node, "name")
        .filter(name -> name.matches(NAME))
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "\"name\" is "
                        + node.get("name")
                        + ": a network's name has letters, digits, _ . - and begins with one of"
                        + " the first two"));
  }

  private static ObjectNode plugin(JsonNode node, int index) {
    if (node instanceof ObjectNode plugin
        && text(plugin, "type").filter(t -> !t.isEmpty() && t.indexOf('/') < 0).isPresent()) {
      return plugin;
    }
    throw new IllegalArgumentException(
        "plugin " + index + " has no \"type\" that is a program's name");
  }

  private static Optional<String> text(ObjectNode node, String key) {
    JsonNode value = node.get(key);
    return value == null || !value.isString() ? Optional.empty() : Optional.of(value.stringValue());
  }

  /** A flag may be a string too (libcni conf.go, readBool). */
  private static boolean flag(ObjectNode node, String key) {
    JsonNode value = node.get(key);
    String text =
        value == null ? "false" : value.isString() ? value.stringValue() : value.toString();
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException(key + " is " + text + ": true or false");
    };
  }

  private static CniVersion version(ObjectNode node) {
    CniVersion best = null;
    JsonNode offered = node.get("cniVersions");
    if (offered != null) {
      if (!offered.isArray()) {
        throw new IllegalArgumentException("\"cniVersions\" is not a list");
      }
      for (JsonNode each : offered.values()) {
        best = better(best, CniVersion.parse(each.isString() ? each.stringValue() : "" + each));
      }
    }
    JsonNode single = node.get("cniVersion");
    if (single == null) {
      return best == null ? CniVersion.OLDEST : best;
    }
    CniVersion version = CniVersion.parse(single.isString() ? single.stringValue() : "" + single);
    best = better(best, version);
    if (best == null) {
      throw new IllegalArgumentException(
          "it wants CNI version " + version + "; Crema knows up to " + CniVersion.NEWEST);
    }
    return best;
  }

  private static @Nullable CniVersion better(@Nullable CniVersion a, CniVersion b) {
    if (b.compareTo(CniVersion.NEWEST) > 0) {
      return a;
    }
    return a == null || b.compareTo(a) > 0 ? b : a;
  }

  /** The program of a plugin. */
  public String type(int plugin) {
    return plugins.get(plugin).get("type").stringValue();
  }

  /** All of it in one list, from which {@link #ofList} makes the same again. */
  public String toJson() {
    ObjectNode out = JSON.createObjectNode();
    out.put("cniVersion", version.toString()).put("name", name);
    out.put("disableCheck", disableCheck).put("disableGC", disableGc);
    out.put("loadOnlyInlinedPlugins", true);
    out.putArray("plugins").addAll(plugins);
    return out.toString();
  }
}
