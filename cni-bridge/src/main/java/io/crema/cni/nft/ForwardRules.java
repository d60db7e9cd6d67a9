package io.crema.cni.nft;

import io.crema.cni.netlink.NetlinkSocket;
import io.crema.cni.nft.NftBatch.BaseChain;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What other owners' firewalls do to the packets that the host forwards for pods.
 *
 * <p>A packet that one chain of the forward hook drops is gone, whatever others say, so an accept
 * in our table is of no use where Docker or a distribution has set the policy of iptables' FORWARD
 * to DROP. There, as Docker, flannel and CNI's firewall plugin do it, rules go in front of that
 * chain: {@code iifname "crema0" counter accept} and the same for {@code oifname}. iptables (its
 * nft variant) shows them. Chains of tables that are somebody's own, as firewalld's or those of
 * /etc/nftables.conf, are left alone and told of.
 */
public final class ForwardRules {
  private static final int FORWARD = 2; // NF_INET_FORWARD

  private final String bridge;
  private final String comment;

  public ForwardRules(String bridge) {
    this.bridge = bridge;
    this.comment = "crema: pods of " + bridge;
  }

  /**
   * Lets pods' packets through iptables' FORWARD chains that drop by policy.
   *
   * @return the chains of others that drop by policy, as {@code inet firewalld filter_FORWARD}
   */
  public List<String> apply(NetlinkSocket socket) throws IOException {
    List<String> others = new ArrayList<>();
    for (BaseChain chain : dropping(socket)) {
      if (!isIptables(chain)) {
        others.add(NftBatch.name(chain.family(), chain.table()) + " chain " + chain.name());
      } else if (NftBatch.rulesWith(socket, chain, comment).isEmpty()) {
        new NftBatch(chain.family(), chain.table())
            .ruleInFront(chain.name(), accept(NftRule.META_IIFNAME, "iifname"), comment)
            .ruleInFront(chain.name(), accept(NftRule.META_OIFNAME, "oifname"), comment)
            .commit(socket);
      }
    }
    return others;
  }

  private NftRule accept(int key, String word) {
    return new NftRule(word + " " + bridge + " counter accept")
        .meta(key, 0)
        .is(0, NftRule.interfaceName(bridge))
        .counter()
        .accept();
  }

  private static List<BaseChain> dropping(NetlinkSocket socket) throws IOException {
    return NftBatch.baseChains(socket).stream()
        .filter(c -> c.drops() && c.hook() == FORWARD && c.type().equals("filter"))
        .filter(
            c ->
                c.family() == NftBatch.NFPROTO_INET
                    || c.family() == NftBatch.NFPROTO_IPV4
                    || c.family() == NftBatch.NFPROTO_IPV6)
        .toList();
  }

  /** The names that iptables-nft and ip6tables-nft give (iptables(8), nft variant). */
  private static boolean isIptables(BaseChain c) {
    return c.family() != NftBatch.NFPROTO_INET
        && c.table().equals("filter")
        && c.name().equals("FORWARD");
  }

  /** Takes the rules back, also where the policy has changed since. */
  public void remove(NetlinkSocket socket) throws IOException {
    for (BaseChain chain : NftBatch.baseChains(socket)) {
      if (isIptables(chain)) {
        List<byte[]> handles = NftBatch.rulesWith(socket, chain, comment);
        if (!handles.isEmpty()) {
          NftBatch b = new NftBatch(chain.family(), chain.table());
          handles.forEach(handle -> b.deleteRule(chain.name(), handle));
          b.commit(socket);
        }
      }
    }
  }
}
