package io.crema.cni.nft;

import io.crema.cni.netlink.Attributes;
import io.crema.cni.netlink.NetlinkBatch;
import io.crema.cni.netlink.NetlinkException;
import io.crema.cni.netlink.NetlinkMessage;
import io.crema.cni.netlink.NetlinkSocket;
import io.crema.runtime.linux.Errno;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One nf_tables transaction on a table: all of it happens, or nothing.
 *
 * <p>Numbers: linux/netfilter/nf_tables.h, nfnetlink.h. Not thread-safe.
 */
final class NftBatch {
  private static final int NFNL_SUBSYS_NFTABLES = 10;
  private static final int NFNL_MSG_BATCH_BEGIN = 16;
  private static final int NFNL_MSG_BATCH_END = 17;
  static final int NFPROTO_INET = 1;
  static final int NFPROTO_IPV4 = 2;
  static final int NFPROTO_IPV6 = 10;

  private static final int NEWTABLE = 0;
  private static final int GETTABLE = 1;
  private static final int DELTABLE = 2;
  private static final int NEWCHAIN = 3;
  private static final int GETCHAIN = 4;
  private static final int NEWRULE = 6;
  private static final int GETRULE = 7;
  private static final int DELRULE = 8;
  private static final int NEWSET = 9;
  private static final int NEWSETELEM = 12;
  private static final int GETSETELEM = 13;
  private static final int DELSETELEM = 14;

  private static final int NFTA_RULE_HANDLE = 3;
  private static final int NFTA_RULE_USERDATA = 7;
  private static final int DROP = 0; // NF_DROP
  private static final int ACCEPT = 1; // NF_ACCEPT
  private static final int NFTA_SET_ELEM_KEY = 1;
  private static final int NFTA_SET_ELEM_DATA = 2;
  private static final int NFTA_SET_ELEM_FLAGS = 3;
  private static final int NFTA_DATA_VALUE = 1;
  private static final int NFTA_LIST_ELEM = 1;
  private static final int INTERVAL_END = 1;
  private static final int ELEMENTS_PER_MESSAGE = 400; // a nested attribute ends at 64 KiB

  /** A base chain's place: linux/netfilter.h, linux/netfilter_ipv4.h. */
  record Hook(String type, int number, int priority) {}

  /** A map's element: what is looked up, and what is found. */
  record Element(byte[] key, byte[] data) {}

  private final NetlinkBatch batch = new NetlinkBatch();
  private final int family;
  private final String table;
  private int setId;

  /** On a table of the {@code inet} family. */
  NftBatch(String table) {
    this(NFPROTO_INET, table);
  }

  NftBatch(int family, String table) {
    this.family = family;
    this.table = table;
    batch
        .message(NFNL_MSG_BATCH_BEGIN, 0, "transaction on " + name(family, table))
        .u8(0)
        .u8(0)
        .be16(NFNL_SUBSYS_NFTABLES);
  }

  /** As nft(8) would name it. */
  static String name(int family, String table) {
    String prefix =
        switch (family) {
          case NFPROTO_INET -> "inet";
          case NFPROTO_IPV4 -> "ip";
          case NFPROTO_IPV6 -> "ip6";
          default -> "family " + family;
        };
    return "nftables table " + prefix + " " + table;
  }

  private NetlinkBatch message(int type, int flags, String what) {
    return batch
        .message(NFNL_SUBSYS_NFTABLES << 8 | type, flags, what + " in " + name(family, table))
        .u8(family)
        .u8(0)
        .be16(0)
        .attribute(1, table); // NFTA_*_TABLE is 1 throughout
  }

  /** Makes the table if there is none. */
  NftBatch table() {
    message(NEWTABLE, NetlinkBatch.CREATE, "create table").attributeBe32(2, 0);
    return this;
  }

  /** Whether the table is there. */
  static boolean exists(NetlinkSocket socket, String table) throws IOException {
    NetlinkBatch b = new NetlinkBatch();
    b.message(
            NFNL_SUBSYS_NFTABLES << 8 | GETTABLE,
            0,
            "look up nftables table inet " + table,
            Errno.ENOENT)
        .u8(NFPROTO_INET)
        .u8(0)
        .be16(0)
        .attribute(1, table);
    return !socket.exchange(b).isEmpty();
  }

  /** Removes the table with all that is in it. */
  NftBatch deleteTable() {
    message(DELTABLE, 0, "delete table");
    return this;
  }

  NftBatch chain(String name, Hook hook) {
    message(NEWCHAIN, NetlinkBatch.CREATE, "create chain " + name)
        .attribute(3, name) // NFTA_CHAIN_NAME
        .nest(4) // NFTA_CHAIN_HOOK
        .attributeBe32(1, hook.number())
        .attributeBe32(2, hook.priority())
        .end()
        .attribute(7, hook.type()); // NFTA_CHAIN_TYPE
    return this;
  }

  NftBatch chain(String name) {
    message(NEWCHAIN, NetlinkBatch.CREATE, "create chain " + name).attribute(3, name);
    return this;
  }

  NftBatch rule(String chain, NftRule rule) {
    NetlinkBatch b =
        message(NEWRULE, NetlinkBatch.CREATE | NetlinkBatch.APPEND, "add rule \"" + rule + "\"")
            .attribute(2, chain) // NFTA_RULE_CHAIN
            .nest(4); // NFTA_RULE_EXPRESSIONS
    rule.write(b);
    b.end();
    return this;
  }

  /** A rule before all others of the chain, which isn't ours, with a comment that tells so. */
  NftBatch ruleInFront(String chain, NftRule rule, String comment) {
    NetlinkBatch b =
        message(NEWRULE, NetlinkBatch.CREATE, "insert rule \"" + rule + "\" in " + chain)
            .attribute(2, chain)
            .nest(4);
    rule.write(b);
    b.end().attribute(NFTA_RULE_USERDATA, userData(comment));
    return this;
  }

  NftBatch deleteRule(String chain, byte[] handle) {
    message(DELRULE, 0, "delete a rule of " + chain)
        .attribute(2, chain)
        .attribute(NFTA_RULE_HANDLE, handle);
    return this;
  }

  /** NFTNL_UDATA_RULE_COMMENT: what nft(8) shows as the rule's comment. */
  static byte[] userData(String comment) {
    byte[] text = comment.getBytes(StandardCharsets.US_ASCII);
    byte[] out = new byte[text.length + 3];
    out[1] = (byte) (text.length + 1);
    System.arraycopy(text, 0, out, 2, text.length);
    return out;
  }

  /** A chain that sees packets; of any owner. */
  record BaseChain(int family, String table, String name, String type, int hook, boolean drops) {}

  static List<BaseChain> baseChains(NetlinkSocket socket) throws IOException {
    NetlinkBatch b = new NetlinkBatch();
    b.message(NFNL_SUBSYS_NFTABLES << 8 | GETCHAIN, NetlinkBatch.DUMP, "list nftables chains")
        .u8(0)
        .u8(0)
        .be16(0);
    List<BaseChain> out = new ArrayList<>();
    for (NetlinkMessage m : socket.dump(b)) {
      Attributes a = m.attributes(4);
      String table = a.text(1);
      String name = a.text(3);
      String type = a.text(7);
      if (table != null && name != null && type != null && a.has(4)) {
        int hook = a.nested(4).be32(1, -1);
        out.add(new BaseChain(m.u8(0), table, name, type, hook, a.be32(5, ACCEPT) == DROP));
      }
    }
    return out;
  }

  /** The handles of a chain's rules that have this comment. */
  static List<byte[]> rulesWith(NetlinkSocket socket, BaseChain chain, String comment)
      throws IOException {
    NetlinkBatch b = new NetlinkBatch();
    b.message(NFNL_SUBSYS_NFTABLES << 8 | GETRULE, NetlinkBatch.DUMP, "list rules of " + chain)
        .u8(chain.family())
        .u8(0)
        .be16(0)
        .attribute(1, chain.table())
        .attribute(2, chain.name());
    List<byte[]> out = new ArrayList<>();
    for (NetlinkMessage m : socket.dump(b)) {
      Attributes a = m.attributes(4);
      byte[] handle = a.bytes(NFTA_RULE_HANDLE);
      if (handle != null && Arrays.equals(a.bytes(NFTA_RULE_USERDATA), userData(comment))) {
        out.add(handle);
      }
    }
    return out;
  }

  /** A set of address ranges. */
  NftBatch ranges(String name, int type, int length) {
    return newSet(name, 4, type, length, 0, 0); // NFT_SET_INTERVAL
  }

  /** A map; types are nft(8)'s numbers, with which it prints the map. */
  NftBatch map(String name, int keyType, int keyLength, int dataType, int dataLength) {
    return newSet(name, 8, keyType, keyLength, dataType, dataLength); // NFT_SET_MAP
  }

  private NftBatch newSet(
      String name, int flags, int keyType, int keyLength, int dataType, int dataLength) {
    NetlinkBatch b =
        message(NEWSET, NetlinkBatch.CREATE, "create set " + name)
            .attribute(2, name)
            .attributeBe32(3, flags)
            .attributeBe32(4, keyType)
            .attributeBe32(5, keyLength)
            .attributeBe32(10, ++setId);
    if (dataLength > 0) {
      b.attributeBe32(6, dataType).attributeBe32(7, dataLength);
    }
    return this;
  }

  NftBatch add(String set, List<Element> elements) {
    return elements(NEWSETELEM, NetlinkBatch.CREATE, "add elements to " + set, set, elements);
  }

  NftBatch delete(String set, List<Element> elements) {
    return elements(DELSETELEM, 0, "delete elements of " + set, set, elements);
  }

  private NftBatch elements(int type, int flags, String what, String set, List<Element> elements) {
    for (int from = 0; from < elements.size(); from += ELEMENTS_PER_MESSAGE) {
      NetlinkBatch b = message(type, flags, what).attribute(2, set).nest(3);
      for (Element e :
          elements.subList(from, Math.min(elements.size(), from + ELEMENTS_PER_MESSAGE))) {
        b.nest(NFTA_LIST_ELEM).nest(NFTA_SET_ELEM_KEY).attribute(NFTA_DATA_VALUE, e.key()).end();
        if (type == NEWSETELEM) {
          b.nest(NFTA_SET_ELEM_DATA).attribute(NFTA_DATA_VALUE, e.data()).end();
        }
        b.end();
      }
      b.end();
    }
    return this;
  }

  /** The elements of a map, none when the table or the map isn't there. */
  static List<Element> elements(NetlinkSocket socket, String table, String set) throws IOException {
    NetlinkBatch b = new NetlinkBatch();
    b.message(
            NFNL_SUBSYS_NFTABLES << 8 | GETSETELEM,
            NetlinkBatch.DUMP,
            "list elements of " + set + " in nftables table inet " + table)
        .u8(NFPROTO_INET)
        .u8(0)
        .be16(0)
        .attribute(1, table)
        .attribute(2, set);
    List<Element> out = new ArrayList<>();
    try {
      for (NetlinkMessage m : socket.dump(b)) {
        for (Attributes e : m.attributes(4).nested(3).all(NFTA_LIST_ELEM)) {
          byte[] key = e.nested(NFTA_SET_ELEM_KEY).bytes(NFTA_DATA_VALUE);
          byte[] data = e.nested(NFTA_SET_ELEM_DATA).bytes(NFTA_DATA_VALUE);
          if (key != null && data != null) {
            out.add(new Element(key, data));
          }
        }
      }
      return out;
    } catch (NetlinkException e) {
      if (e.is(Errno.ENOENT)) {
        return List.of();
      }
      throw e;
    }
  }

  /** Adds the range {@code [from, end)}. */
  NftBatch addRange(String set, byte[] from, byte[] end) {
    NetlinkBatch b =
        message(NEWSETELEM, NetlinkBatch.CREATE, "add a range to " + set).attribute(2, set).nest(3);
    b.nest(NFTA_LIST_ELEM).nest(NFTA_SET_ELEM_KEY).attribute(NFTA_DATA_VALUE, from).end().end();
    b.nest(NFTA_LIST_ELEM)
        .nest(NFTA_SET_ELEM_KEY)
        .attribute(NFTA_DATA_VALUE, end)
        .end()
        .attributeBe32(NFTA_SET_ELEM_FLAGS, INTERVAL_END)
        .end();
    b.end();
    return this;
  }

  /** Commits the transaction. */
  void commit(NetlinkSocket socket) throws IOException {
    batch.confirmHere();
    batch
        .message(NFNL_MSG_BATCH_END, 0, "end of the transaction")
        .u8(0)
        .u8(0)
        .be16(NFNL_SUBSYS_NFTABLES);
    socket.exchange(batch);
  }
}
