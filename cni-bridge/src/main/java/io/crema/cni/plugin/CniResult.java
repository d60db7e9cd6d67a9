package io.crema.cni.plugin;

import io.crema.cni.ipam.Cidr;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a network's ADD gave to a pod's interface.
 *
 * @param addresses IPv4 first
 * @param mac empty when the plugins didn't say
 * @param mtu 0 when they didn't say (before 1.1.0)
 */
public record CniResult(List<Address> addresses, String mac, int mtu) {
  /** An address and its gateway, if there is one. */
  public record Address(InetAddress address, @Nullable InetAddress gateway) {}

  public CniResult {
    addresses = List.copyOf(addresses);
  }

  /**
   * Reads a result of any version.
   *
   * @param interfaceName the pod's interface; addresses of others don't count
   * @throws IllegalArgumentException that says what is wrong
   */
  public static CniResult parse(ObjectNode result, String interfaceName) {
    List<JsonNode> interfaces = new ArrayList<>();
    if (result.get("interfaces") != null) {
      interfaces.addAll(result.get("interfaces").values());
    }
    List<Address> addresses = new ArrayList<>();
    for (String old : List.of("ip4", "ip6")) { // up to 0.2.0
      if (result.get(old) != null) {
        addresses.add(address(result.get(old), "ip"));
      }
    }
    JsonNode ips = result.get("ips");
    for (JsonNode ip : ips == null ? List.<JsonNode>of() : ips.values()) {
      JsonNode index = ip.get("interface");
      if (index == null || index.isNull()) {
        addresses.add(address(ip, "address"));
        continue;
      }
      if (!index.isInt() || index.intValue() < 0 || index.intValue() >= interfaces.size()) {
        throw new IllegalArgumentException(
            "an address names interface %s of %d".formatted(index, interfaces.size()));
      }
      if (text(interfaces.get(index.intValue()), "name").equals(interfaceName)) {
        addresses.add(address(ip, "address"));
      }
    }
    if (addresses.isEmpty()) {
      throw new IllegalArgumentException("the result has no address for " + interfaceName);
    }
    addresses.sort(Comparator.comparing(a -> !(a.address() instanceof Inet4Address)));
    for (JsonNode each : interfaces) {
      if (text(each, "name").equals(interfaceName) && !text(each, "sandbox").isEmpty()) {
        JsonNode mtu = each.get("mtu");
        return new CniResult(
            addresses, text(each, "mac"), mtu != null && mtu.isInt() ? mtu.intValue() : 0);
      }
    }
    return new CniResult(addresses, "", 0);
  }

  private static Address address(JsonNode ip, String key) {
    String text = text(ip, key);
    int slash = text.indexOf('/');
    String gateway = text(ip, "gateway");
    return new Address(
        Cidr.parseAddress(slash < 0 ? text : text.substring(0, slash)),
        gateway.isEmpty() ? null : Cidr.parseAddress(gateway));
  }

  private static String text(JsonNode node, String key) {
    JsonNode value = node.get(key);
    return value != null && value.isString() ? value.stringValue() : "";
  }
}
