package io.crema.cni;

import io.crema.runtime.linux.Descriptors;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Sockets;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** Packets that no well-behaved program can send, laid on the wire as they are (packet(7)). */
final class RawPackets {
  private static final int AF_PACKET = 17;
  private static final int ETHERNET = 14;
  private static final int IP = 20;

  private RawPackets() {}

  /** Sends a frame from the calling thread's namespace by interface {@code index}. */
  static void send(int index, byte[] frame) throws IOException {
    int protocol = (frame[12] & 0xff) << 8 | (frame[13] & 0xff);
    try (Fd socket = Sockets.linux().socket(AF_PACKET, Sockets.SOCK_RAW, 0)) {
      ByteBuffer address = ByteBuffer.allocate(20).order(ByteOrder.nativeOrder());
      address.putShort((short) AF_PACKET); // struct sockaddr_ll
      address.put((byte) (protocol >> 8)).put((byte) protocol).putInt(index);
      Sockets.linux().bind(socket, address.array());
      Descriptors.linux().writeAll(socket, frame);
    }
  }

  private static ByteBuffer ethernet(byte[] to, byte[] from, int type, int payload) {
    return ByteBuffer.allocate(ETHERNET + payload).put(to).put(from).putShort((short) type);
  }

  /** A UDP datagram of one byte. */
  static byte[] udp4(byte[] toMac, byte[] fromMac, String from, String to, int port) {
    ByteBuffer b = ip4(toMac, fromMac, from, to, 17, 9);
    b.putShort((short) 4000).putShort((short) port).putShort((short) 9).putShort((short) 0);
    return b.put((byte) 'x').array();
  }

  /** A UDP datagram of one byte; without its checksum, which is enough to be dropped later on. */
  static byte[] udp6(byte[] toMac, byte[] fromMac, String from, String to, int port) {
    ByteBuffer b = ethernet(toMac, fromMac, 0x86dd, 40 + 9);
    b.putInt(6 << 28).putShort((short) 9).put((byte) 17).put((byte) 64);
    b.put(InetAddress.ofLiteral(from).getAddress()).put(InetAddress.ofLiteral(to).getAddress());
    int start = b.position();
    b.putShort((short) 4000).putShort((short) port).putShort((short) 9).putShort((short) 0);
    b.put((byte) 'x');
    long sum = sum(b.array(), ETHERNET + 8, 32) + 17 + 9 + sum(b.array(), start, 9);
    return b.putShort(start + 6, folded(sum)).array();
  }

  /** The first packet of an SCTP association (RFC 9260, INIT), with its checksum. */
  static byte[] sctpInit(byte[] toMac, byte[] fromMac, String from, String to, int port) {
    ByteBuffer b = ip4(toMac, fromMac, from, to, 132, 32);
    int start = b.position();
    b.putShort((short) 4000).putShort((short) port).putInt(0).putInt(0); // tag, checksum
    b.put((byte) 1).put((byte) 0).putShort((short) 20).putInt(77).putInt(65536);
    b.putShort((short) 1).putShort((short) 1).putInt(1);
    b.order(ByteOrder.LITTLE_ENDIAN).putInt(start + 8, crc32c(b.array(), start, 32));
    return b.array();
  }

  /** The checksum of an SCTP packet whose own field counts as zero. */
  static int crc32c(byte[] bytes, int offset, int length) {
    byte[] packet = java.util.Arrays.copyOfRange(bytes, offset, offset + length);
    java.util.Arrays.fill(packet, 8, 12, (byte) 0);
    CRC32C crc = new CRC32C();
    crc.update(packet);
    return (int) crc.getValue();
  }

  private static ByteBuffer ip4(
      byte[] toMac, byte[] fromMac, String from, String to, int protocol, int payload) {
    ByteBuffer b = ethernet(toMac, fromMac, 0x0800, IP + payload);
    b.putShort((short) 0x4500).putShort((short) (IP + payload)).putInt(0);
    b.put((byte) 64).put((byte) protocol).putShort((short) 0);
    b.put(InetAddress.ofLiteral(from).getAddress()).put(InetAddress.ofLiteral(to).getAddress());
    b.putShort(ETHERNET + 10, folded(sum(b.array(), ETHERNET, IP)));
    return b;
  }

  private static long sum(byte[] bytes, int offset, int length) {
    long sum = 0;
    for (int i = 0; i < length; i++) {
      sum += (long) (bytes[offset + i] & 0xff) << (i % 2 == 0 ? 8 : 0);
    }
    return sum;
  }

  private static short folded(long sum) {
    long s = sum;
    while (s >> 16 != 0) {
      s = (s & 0xffff) + (s >> 16);
    }
    return (short) ~s;
  }
}
