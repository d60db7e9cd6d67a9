package io.crema.server.streaming;

import io.crema.sandbox.PodStreams;
import io.crema.sandbox.model.StreamSet;
import io.crema.server.streaming.WebSocketMux.Direction;
import java.util.List;

/** Exec and attach over WebSocket (remotecommand/websocket.go of k8s.io/cri-streaming). */
final class WebSocketRemoteCommand {
  private static final int STDIN = 0;
  private static final int STDOUT = 1;
  private static final int STDERR = 2;
  private static final int ERROR = 3;
  private static final int RESIZE = 4;

  private WebSocketRemoteCommand() {}

  /** Serves on threads of its own; event loop. */
  static void start(
      Link link,
      PodStreams runtime,
      StreamRequest request,
      StreamSet wanted,
      WebSocketProtocol protocol) {
    WebSocketMux mux =
        new WebSocketMux(
            link,
            protocol,
            List.of(
                wanted.stdin() ? Direction.FROM_CLIENT : Direction.NONE,
                wanted.stdout() ? Direction.TO_CLIENT : Direction.NONE,
                wanted.stderr() ? Direction.TO_CLIENT : Direction.NONE,
                Direction.TO_CLIENT,
                Direction.FROM_CLIENT));
    // An empty message on the first channel tells the client that it is connected.
    int first = wanted.stdout() ? STDOUT : wanted.stderr() ? STDERR : ERROR;
    link.sendNow(mux.frame(first, new byte[0], 0, 0));
    new RemoteCommand(
            runtime,
            request,
            new RemoteCommand.Streams(
                mux.channel(ERROR),
                wanted.stdin() ? mux.channel(STDIN) : null,
                wanted.stdout() ? mux.channel(STDOUT) : null,
                wanted.stderr() ? mux.channel(STDERR) : null,
                mux.channel(RESIZE)),
            protocol.jsonStatus(),
            link)
        .start(mux::finish);
  }
}
