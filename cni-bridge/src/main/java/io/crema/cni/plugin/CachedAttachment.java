package io.crema.cni.plugin;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What is durably known of an attachment, in libcni's own form (api.go, cachedInfo), so that its
 * DEL has the configuration and the result of its ADD whatever has changed since.
 *
 * @param config the network as a list, as {@link NetworkList#toJson} writes it
 * @param netns where the namespace was pinned
 * @param cniArgs what CNI_ARGS has, as pairs
 * @param result of ADD; null until that has succeeded
 * @param pod namespace and name, for messages
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record CachedAttachment(
    String kind,
    String containerId,
    byte[] config,
    String ifName,
    String networkName,
    String netns,
    List<List<String>> cniArgs,
    Map<String, Object> capabilityArgs,
    @Nullable ObjectNode result,
    String pod) {
  static final String KIND = "cniCacheV1";

  public CachedAttachment {
    if (!kind.equals(KIND)) {
      throw new IllegalArgumentException("is of kind " + kind + ", not " + KIND);
    }
    Objects.requireNonNull(containerId, "containerId");
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(ifName, "ifName");
    Objects.requireNonNull(networkName, "networkName");
    netns = netns == null ? "" : netns;
    cniArgs = cniArgs == null ? List.of() : List.copyOf(cniArgs);
    capabilityArgs = capabilityArgs == null ? Map.of() : Map.copyOf(capabilityArgs);
    pod = pod == null ? containerId : pod;
  }

  /** The network that its ADD had. */
  @JsonIgnore
  public NetworkList network() {
    return NetworkList.ofList("of " + pod, new String(config, StandardCharsets.UTF_8), List.of());
  }

  CachedAttachment with(ObjectNode added) {
    return new CachedAttachment(
        kind, containerId, config, ifName, networkName, netns, cniArgs, capabilityArgs, added, pod);
  }

  /** CNI_ARGS. */
  @JsonIgnore
  String args() {
    StringBuilder out = new StringBuilder();
    for (List<String> pair : cniArgs) {
      out.append(out.isEmpty() ? "" : ";").append(String.join("=", pair));
    }
    return out.toString();
  }

  /** The arguments of which a plugin says that it is capable. */
  ObjectNode runtimeConfig(ObjectNode plugin, ObjectNode all) {
    ObjectNode out = NetworkList.object("{}");
    JsonNode capabilities = plugin.get("capabilities");
    if (capabilities != null) {
      capabilities
          .properties()
          .forEach(
              c -> {
                JsonNode value = all.get(c.getKey());
                if (c.getValue().isBoolean() && c.getValue().booleanValue() && value != null) {
                  out.set(c.getKey(), value);
                }
              });
    }
    return out;
  }
}
