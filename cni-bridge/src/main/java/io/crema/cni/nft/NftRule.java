package io.crema.cni.nft;

import io.crema.cni.netlink.NetlinkBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * A rule as its list of expressions, in the order in which the kernel evaluates them.
 *
 * <p>Registers are the 32-bit ones, 0 to 15 here (NFT_REG32_00...); a value takes as many as it
 * needs. Numbers: linux/netfilter/nf_tables.h.
 */
final class NftRule {
  static final int META_MARK = 3;
  static final int META_IIFNAME = 6;
  static final int META_OIFNAME = 7;
  static final int META_NFPROTO = 15;
  static final int META_L4PROTO = 16;

  private static final int NETWORK_HEADER = 1;
  private static final int TRANSPORT_HEADER = 2;
  private static final int EQUAL = 0;
  private static final int NOT_EQUAL = 1;
  private static final int REGISTER_VERDICT = 0;
  private static final int JUMP = -3;
  private static final int DROP = 0;
  private static final int ACCEPT = 1;
  private static final int DATA_VALUE = 1;
  private static final int FULLY_RANDOM = 16; // NF_NAT_RANGE_PROTO_RANDOM_FULLY

  private record Expression(String name, Consumer<NetlinkBatch> data) {}

  private final String text;
  private final List<Expression> expressions = new ArrayList<>();

  /** {@code text} says in nft(8)'s words what the rule is, for errors. */
  NftRule(String text) {
    this.text = text;
  }

  private static int register(int n) {
    return 8 + n;
  }

  private NftRule expression(String name, Consumer<NetlinkBatch> data) {
    expressions.add(new Expression(name, data));
    return this;
  }

  NftRule meta(int key, int register) {
    return expression("meta", b -> b.attributeBe32(1, register(register)).attributeBe32(2, key));
  }

  NftRule setMark(int register) {
    return expression(
        "meta", b -> b.attributeBe32(2, META_MARK).attributeBe32(3, register(register)));
  }

  NftRule network(int offset, int length, int register) {
    return payload(NETWORK_HEADER, offset, length, register);
  }

  NftRule transport(int offset, int length, int register) {
    return payload(TRANSPORT_HEADER, offset, length, register);
  }

  private NftRule payload(int base, int offset, int length, int register) {
    return expression(
        "payload",
        b ->
            b.attributeBe32(1, register(register))
                .attributeBe32(2, base)
                .attributeBe32(3, offset)
                .attributeBe32(4, length));
  }

  NftRule is(int register, byte... value) {
    return compare(EQUAL, register, value);
  }

  NftRule isNot(int register, byte... value) {
    return compare(NOT_EQUAL, register, value);
  }

  private NftRule compare(int operation, int register, byte[] value) {
    return expression(
        "cmp",
        b ->
            b.attributeBe32(1, register(register))
                .attributeBe32(2, operation)
                .nest(3)
                .attribute(DATA_VALUE, value)
                .end());
  }

  /** {@code register = register & mask ^ flip}. */
  NftRule bits(int register, byte[] mask, byte[] flip) {
    return expression(
        "bitwise",
        b ->
            b.attributeBe32(1, register(register))
                .attributeBe32(2, register(register))
                .attributeBe32(3, mask.length)
                .nest(4)
                .attribute(DATA_VALUE, mask)
                .end()
                .nest(5)
                .attribute(DATA_VALUE, flip)
                .end());
  }

  NftRule isIn(String set, int register) {
    return expression("lookup", b -> b.attribute(1, set).attributeBe32(2, register(register)));
  }

  NftRule lookUp(String map, int register, int into) {
    return expression(
        "lookup",
        b ->
            b.attribute(1, map)
                .attributeBe32(2, register(register))
                .attributeBe32(3, register(into)));
  }

  /** The type of route (RTN_*) that the destination address has. */
  NftRule destinationType(int register) {
    return expression(
        "fib",
        b ->
            b.attributeBe32(1, register(register))
                .attributeBe32(2, 3) // NFT_FIB_RESULT_ADDRTYPE
                .attributeBe32(3, 2)); // NFTA_FIB_F_DADDR
  }

  NftRule dnat(int family, int addressRegister, int portRegister) {
    return expression(
        "nat",
        b ->
            b.attributeBe32(1, 1) // NFT_NAT_DNAT
                .attributeBe32(2, family)
                .attributeBe32(3, register(addressRegister))
                .attributeBe32(5, register(portRegister)));
  }

  NftRule masquerade() {
    return expression("masq", b -> b.attributeBe32(1, FULLY_RANDOM));
  }

  /** Counts what comes this far, as iptables' rules do. */
  NftRule counter() {
    return expression("counter", b -> {});
  }

  NftRule accept() {
    return verdict(b -> b.attributeBe32(1, ACCEPT));
  }

  NftRule drop() {
    return verdict(b -> b.attributeBe32(1, DROP));
  }

  NftRule jump(String chain) {
    return verdict(b -> b.attributeBe32(1, JUMP).attribute(2, chain));
  }

  private NftRule verdict(Consumer<NetlinkBatch> verdict) {
    return expression(
        "immediate",
        b -> {
          b.attributeBe32(1, REGISTER_VERDICT).nest(2).nest(2); // NFTA_DATA_VERDICT
          verdict.accept(b);
          b.end().end();
        });
  }

  /** An interface's name as the kernel compares it: 16 bytes, NUL-padded. */
  static byte[] interfaceName(String name) {
    return Arrays.copyOf(name.getBytes(java.nio.charset.StandardCharsets.US_ASCII), 16);
  }

  void write(NetlinkBatch b) {
    for (Expression e : expressions) {
      b.nest(1).attribute(1, e.name()).nest(2); // NFTA_LIST_ELEM, NFTA_EXPR_NAME, NFTA_EXPR_DATA
      e.data().accept(b);
      b.end().end();
    }
  }

  @Override
  public String toString() {
    return text;
  }
}
