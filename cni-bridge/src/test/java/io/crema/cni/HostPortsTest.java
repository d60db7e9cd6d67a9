package io.crema.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.cni.nft.HostPort;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HostPortsTest {
  private static final InetAddress POD_4 = InetAddress.ofLiteral("10.0.0.2");
  private static final InetAddress POD_6 = InetAddress.ofLiteral("fd00::2");

  private static Set<HostPort> resolve(String hostIp, InetAddress... pod) throws NetworkException {
    return HostPorts.resolve(
        List.of(new PortMapping(Protocol.UDP, 53, 5353, hostIp)), List.of(pod));
  }

  @Test
  void noHostAddressMeansAllOfBothFamilies() throws NetworkException {
    assertThat(resolve("", POD_4, POD_6))
        .containsExactly(
            new HostPort(17, null, 5353, POD_4, 53), new HostPort(17, null, 5353, POD_6, 53));
  }

  @Test
  void aHostAddressBelongsToOneFamily() throws NetworkException {
    assertThat(resolve("0.0.0.0", POD_4, POD_6))
        .containsExactly(new HostPort(17, null, 5353, POD_4, 53));
    assertThat(resolve("::", POD_4, POD_6))
        .containsExactly(new HostPort(17, null, 5353, POD_6, 53));
    assertThat(resolve("192.0.2.1", POD_4, POD_6))
        .containsExactly(new HostPort(17, InetAddress.ofLiteral("192.0.2.1"), 5353, POD_4, 53));
    assertThatThrownBy(() -> resolve("192.0.2.1", POD_6))
        .hasMessage(
            "host port udp 192.0.2.1:5353 -> 53: the pod has no address of that family, only"
                + " [fd00::2]");
    assertThatThrownBy(() -> resolve("host", POD_4)).hasMessageContaining("host IP");
  }

  @Test
  void portZeroIsNoHostPort() throws NetworkException {
    assertThat(HostPorts.resolve(List.of(new PortMapping(Protocol.TCP, 80, 0, "")), List.of(POD_4)))
        .isEmpty();
  }
}
