package io.crema.server.streaming;

import io.crema.sandbox.PodStreams;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Port forwarding over SPDY: the client opens an error and a data stream for each connection, with
 * a {@code port} and a {@code requestID} that says which belong together (portforward/httpstream.go
 * of k8s.io/cri-streaming). The session lasts as long as the client likes. Event loop.
 */
final class SpdyPortForward {
  private static final int MAX_PORT = 65535;

  private final Link link;
  private final PodStreams runtime;
  private final StreamRequest.PortForward request;
  private final Limits limits;
  private final Map<String, Pair> incomplete = new HashMap<>();

  private static final class Pair {
    private SpdyMux.@Nullable SpdyStream data;
    private SpdyMux.@Nullable SpdyStream error;
    private Runnable cancelTimeout = () -> {};
  }

  SpdyPortForward(Link link, PodStreams runtime, StreamRequest.PortForward request, Limits limits) {
    this.link = link;
    this.runtime = runtime;
    this.request = request;
    this.limits = limits;
    SpdyMux _ = new SpdyMux(link, this::opened);
    link.onClose(() -> incomplete.values().forEach(pair -> pair.cancelTimeout.run()));
  }

  private void opened(SpdyMux.SpdyStream stream) throws SpdyMux.Refused {
    int port = port(stream.header("port"));
    String type = stream.header("streamType");
    if (!type.equals("data") && !type.equals("error")) {
      throw new SpdyMux.Refused("invalid stream type \"" + type + "\"");
    }
    String id = requestId(stream, type);
    Pair pair = incomplete.computeIfAbsent(id, this::begin);
    if ((type.equals("data") ? pair.data : pair.error) != null) {
      throw new SpdyMux.Refused("request " + id + " has a stream of type " + type + " already");
    }
    if (type.equals("data")) {
      pair.data = stream;
    } else {
      pair.error = stream;
    }
    SpdyMux.SpdyStream data = pair.data;
    SpdyMux.SpdyStream error = pair.error;
    if (data == null || error == null) {
      return;
    }
    incomplete.remove(id);
    pair.cancelTimeout.run();
    int target = data == stream ? port : port(data.header("port"));
    // After this method, whose caller acknowledges the stream.
    link.later(
        () ->
            new Forward(runtime, request.podId(), target, data, error, true, link).start(() -> {}));
  }

  private Pair begin(String id) {
    Pair pair = new Pair();
    pair.cancelTimeout =
        link.transport()
            .after(
                limits.creation(),
                () -> {
                  incomplete.remove(id);
                  give(pair.data);
                  give(pair.error);
                });
    return pair;
  }

  private static void give(SpdyMux.@Nullable SpdyStream up) {
    if (up != null) {
      up.resetNow(SpdyStreamStatus.CANCEL);
    }
  }

  /** Clients before Kubernetes 1.0 send no id; their error stream precedes its data stream. */
  private static String requestId(SpdyMux.SpdyStream stream, String type) {
    String id = stream.header("requestID");
    if (!id.isEmpty()) {
      return id;
    }
    return Integer.toString(type.equals("error") ? stream.id() : stream.id() - 2);
  }

  private static int port(String text) throws SpdyMux.Refused {
    if (!text.matches("[0-9]{1,5}")) {
      throw new SpdyMux.Refused("unable to parse \"" + text + "\" as a port");
    }
    int port = Integer.parseInt(text);
    if (port < 1 || port > MAX_PORT) {
      throw new SpdyMux.Refused("port " + port + " is not within 1 to 65535");
    }
    return port;
  }
}
