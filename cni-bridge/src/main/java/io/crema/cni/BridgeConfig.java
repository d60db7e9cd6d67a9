package io.crema.cni;

/**
 * How the built-in network is set up.
 *
 * <p>Daemons side by side on one host need different {@code bridge}, {@code table} and {@code
 * podCidr}.
 *
 * @param bridge the bridge's name, at most 15 bytes (IFNAMSIZ)
 * @param table the name of the nftables table (family inet)
 * @param podCidr where addresses come from: one CIDR, or one of each family, comma-separated; what
 *     {@link PodNetwork#updatePodCidr} was told later wins
 * @param mtu of the bridge and the pods' interfaces; 0: that of the interface with the host's
 *     default route, else 1500
 */
public record BridgeConfig(String bridge, String table, String podCidr, int mtu) {
  /**
   * {@code crema0}, table {@code crema}, 10.76.0.0/16 and a unique local /64: an IPv4 network that
   * neither Docker, Podman, CRI-O, kubeadm, k3s nor minikube uses by default.
   */
  public static final BridgeConfig DEFAULT =
      new BridgeConfig("crema0", "crema", "10.76.0.0/16,fd76:c4e3:a000::/64", 0);

  public BridgeConfig {
    if (bridge.isEmpty()
        || bridge.length() > 15
        || !bridge.matches("[A-Za-z0-9_.-]+")
        || bridge.startsWith(".")) {
      throw new IllegalArgumentException(
          "bridge name \"" + bridge + "\": 1 to 15 of letters, digits, _ . -");
    }
    if (!table.matches("[A-Za-z][A-Za-z0-9_.-]{0,63}")) {
      throw new IllegalArgumentException(
          "table name \"" + table + "\": a letter, then letters, digits, _ . -");
    }
    if (mtu != 0 && (mtu < 1280 || mtu > 65535)) {
      throw new IllegalArgumentException("mtu " + mtu + ": 0, or 1280 (IPv6's least) to 65535");
    }
  }
}
