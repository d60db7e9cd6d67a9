package io.crema.cni.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.runtime.linux.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class NetlinkBatchTest {
  @Test
  void aMessageIsLaidOutAsTheKernelReadsIt() {
    NetlinkBatch b = new NetlinkBatch();
    b.message(16, NetlinkBatch.CREATE, "create x").u8(2).u8(0).u16(0).attribute(3, "ab");
    byte[] bytes = b.encode(7, true);
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    assertThat(in.getInt(0)).isEqualTo(28).isEqualTo(bytes.length);
    assertThat(in.getShort(4)).isEqualTo((short) 16);
    assertThat(in.getShort(6))
        .isEqualTo((short) (NetlinkBatch.CREATE | NetlinkBatch.REQUEST | NetlinkBatch.ACK));
    assertThat(in.getInt(8)).isEqualTo(7);
    assertThat(in.get(16)).isEqualTo((byte) 2);
    assertThat(in.getShort(20)).isEqualTo((short) 7); // header and "ab\0", padding not counted
    assertThat(in.getShort(22)).isEqualTo((short) 3);
    assertThat(bytes[27]).isZero();
  }

  @Test
  void onlyTheConfirmingMessageAsksForAnAcknowledgement() {
    NetlinkBatch b = new NetlinkBatch();
    b.message(1, 0, "a").message(2, 0, "b").confirmHere().message(3, 0, "c");
    List<NetlinkMessage> sent = parse(b.encode(10, true));
    assertThat(sent).extracting(NetlinkMessage::sequence).containsExactly(10, 11, 12);
    assertThat(sent)
        .extracting(m -> (m.flags() & NetlinkBatch.ACK) != 0)
        .containsExactly(false, true, false);
  }

  @RepeatedTest(50)
  void nestedAttributesComeBackAsTheyWent() {
    Random random = new Random();
    byte[] raw = new byte[random.nextInt(3000)];
    random.nextBytes(raw);
    int number = random.nextInt();
    NetlinkBatch b = new NetlinkBatch();
    b.message(5, 0, "x")
        .u32(1)
        .attribute(1, raw)
        .nest(2)
        .attribute8(1, 200)
        .nest(2)
        .attribute32(3, number)
        .attribute(4, "name")
        .end()
        .end()
        .attributeBe32(6, number);
    Attributes a = parse(b.encode(1, false)).getFirst().attributes(4);
    assertThat(a.bytes(1)).isEqualTo(raw);
    assertThat(a.nested(2).bytes(1)).containsExactly(200);
    assertThat(a.nested(2).nested(2).int32(3, 0)).isEqualTo(number);
    assertThat(a.nested(2).nested(2).text(4)).isEqualTo("name");
    assertThat(ByteBuffer.wrap(a.bytes(6)).getInt()).isEqualTo(number);
    assertThat(a.has(99)).isFalse();
    assertThat(a.nested(99).has(1)).isFalse();
    assertThat(a.int32(99, -5)).isEqualTo(-5);
  }

  @RepeatedTest(50)
  void anythingCanBeReadWithoutHarm() {
    Random random = new Random();
    byte[] noise = new byte[random.nextInt(200)];
    random.nextBytes(noise);
    Attributes a = new Attributes(noise, 0, noise.length);
    for (int type = 0; type < 20; type++) {
      a.nested(type).text(type);
      a.longs(type);
    }
    try {
      parse(noise).forEach(m -> m.attributes(16).text(1));
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageContaining("netlink message of");
    }
  }

  @Test
  void anErrorNamesOperationReasonAndTheKernelsWords() {
    ByteBuffer error = ByteBuffer.allocate(16 + 4 + 16 + 4 + 12).order(ByteOrder.nativeOrder());
    error.putInt(error.capacity()).putShort((short) 2).putShort((short) 0x300).putInt(9).putInt(0);
    error.putInt(-Errno.EINVAL.number());
    error.putInt(100).putShort((short) 16).putShort((short) 1).putInt(9).putInt(0);
    error.putShort((short) 16).putShort((short) 1);
    error.put("no such mtu\0".getBytes(StandardCharsets.US_ASCII));
    NetlinkMessage m = parse(error.array()).getFirst();
    assertThat(m.isError()).isTrue();
    NetlinkException e = m.failure("set mtu of x");
    assertThat(e).hasMessage("set mtu of x: EINVAL (Invalid argument): no such mtu");
    assertThat(e.is(Errno.EINVAL)).isTrue();
  }

  @Test
  void anErrorThatRepeatsTheRequestIsReadBehindIt() {
    ByteBuffer error = ByteBuffer.allocate(16 + 4 + 24 + 4 + 4).order(ByteOrder.nativeOrder());
    error.putInt(error.capacity()).putShort((short) 2).putShort((short) 0x200).putInt(9).putInt(0);
    error.putInt(-Errno.EPERM.number());
    error.putInt(24).putShort((short) 16).putShort((short) 1).putInt(9).putInt(0).putLong(0);
    error.putShort((short) 8).putShort((short) 1);
    error.put("why\0".getBytes(StandardCharsets.US_ASCII));
    assertThat(parse(error.array()).getFirst().extendedAck()).isEqualTo("why");
  }

  @Test
  void anOpenNestIsRefused() {
    NetlinkBatch b = new NetlinkBatch();
    b.message(1, 0, "x").nest(1);
    assertThatThrownBy(() -> b.encode(1, false)).isInstanceOf(IllegalStateException.class);
  }

  private static List<NetlinkMessage> parse(byte[] bytes) {
    return NetlinkMessage.parse(bytes, bytes.length);
  }
}
