package io.crema.server.streaming;

import io.crema.sandbox.PodStreams;
import io.crema.server.streaming.WebSocketMux.Direction;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Port forwarding over WebSocket channels: of the request's i-th port, channel 2i carries data and
 * 2i+1 errors, and both begin with the port in two bytes, the low one first
 * (portforward/websocket.go of k8s.io/cri-streaming). One connection to each port.
 */
final class WebSocketPortForward {
  private WebSocketPortForward() {}

  /** Serves on threads of its own; event loop. */
  static void start(
      Link link,
      PodStreams runtime,
      StreamRequest.PortForward request,
      WebSocketProtocol protocol) {
    List<Direction> directions = new ArrayList<>();
    for (int _ : request.ports()) {
      directions.add(Direction.BOTH);
      directions.add(Direction.TO_CLIENT);
    }
    WebSocketMux mux = new WebSocketMux(link, protocol, directions);
    if (request.ports().isEmpty()) {
      mux.finish();
      return;
    }
    AtomicInteger open = new AtomicInteger(request.ports().size());
    for (int i = 0; i < request.ports().size(); i++) {
      int port = request.ports().get(i);
      byte[] number = {(byte) port, (byte) (port >> 8)};
      link.sendNow(mux.frame(2 * i, number, 0, number.length));
      link.sendNow(mux.frame(2 * i + 1, number, 0, number.length));
      new Forward(
              runtime,
              request.podId(),
              port,
              mux.channel(2 * i),
              mux.channel(2 * i + 1),
              protocol.halfClose(),
              link)
          .start(
              () -> {
                if (open.decrementAndGet() == 0) {
                  mux.finish();
                }
              });
    }
  }
}
