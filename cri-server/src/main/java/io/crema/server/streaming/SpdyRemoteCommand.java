package io.crema.server.streaming;

import io.crema.sandbox.PodStreams;
import io.crema.sandbox.model.StreamSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Exec and attach over SPDY: waits until the client has opened the streams that the request needs,
 * each of a {@code streamType} (remotecommand/httpstream.go of k8s.io/cri-streaming). Event loop.
 */
final class SpdyRemoteCommand {
  private final Set<String> awaited = new HashSet<>(Set.of("error"));
  private final Map<String, ClientStream> streams = new HashMap<>();
  private final SpdyMux mux;
  private final Runnable cancelTimeout;
  private final Link link;
  private final PodStreams runtime;
  private final StreamRequest request;
  private final SpdyProtocol protocol;

  SpdyRemoteCommand(
      Link link,
      PodStreams runtime,
      StreamRequest request,
      StreamSet wanted,
      SpdyProtocol protocol,
      Limits limits) {
    this.link = link;
    this.runtime = runtime;
    this.request = request;
    this.protocol = protocol;
    expect("stdin", wanted.stdin());
    expect("stdout", wanted.stdout());
    expect("stderr", wanted.stderr());
    expect("resize", wanted.tty() && protocol.resizes());
    cancelTimeout =
        link.transport()
            .after(
                limits.creation(),
                () -> link.fail("the client did not open its streams in " + limits.creation()));
    link.onClose(cancelTimeout);
    mux = new SpdyMux(link, this::opened);
  }

  private void expect(String type, boolean needed) {
    if (needed) {
      awaited.add(type);
    }
  }

  private void opened(SpdyMux.SpdyStream stream) throws SpdyMux.Refused {
    String type = stream.header("streamType");
    if (!awaited.remove(type)) {
      throw new SpdyMux.Refused("a stream of type \"" + type + "\", which is not awaited");
    }
    streams.put(type, stream);
    if (!awaited.isEmpty()) {
      return;
    }
    cancelTimeout.run();
    // After this method, whose caller acknowledges the stream.
    link.later(
        () ->
            new RemoteCommand(
                    runtime,
                    request,
                    new RemoteCommand.Streams(
                        java.util.Objects.requireNonNull(streams.get("error")),
                        streams.get("stdin"),
                        streams.get("stdout"),
                        streams.get("stderr"),
                        streams.get("resize")),
                    protocol.jsonStatus(),
                    link)
                .start(mux::finish));
  }
}
