package io.crema.server.streaming;

import io.crema.sandbox.PodStreams;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import org.jspecify.annotations.Nullable;

/** A client's connection from its HTTP request to the session that serves it. Event loop. */
final class ClientConnection {
  private static final int MAX_REQUEST_LINE = 4 * 1024;
  private static final int MAX_HEADERS = 16 * 1024;

  private final Link link;
  private final PodStreams runtime;
  private final StreamTokens tokens;
  private final Limits limits;
  private final Runnable cancelTimeout;
  private @Nullable HttpRequest request;

  ClientConnection(Transport transport, PodStreams runtime, StreamTokens tokens, Limits limits) {
    this.link = new Link(transport);
    this.runtime = runtime;
    this.tokens = tokens;
    this.limits = limits;
    HttpDecoderConfig config =
        new HttpDecoderConfig()
            .setMaxInitialLineLength(MAX_REQUEST_LINE)
            .setMaxHeaderSize(MAX_HEADERS);
    link.codec().pipeline().addBefore("tail", "http", new HttpRequestDecoder(config));
    link.receiver(this::http);
    cancelTimeout =
        transport.after(limits.creation(), () -> link.fail("no request in " + limits.creation()));
    link.onClose(cancelTimeout);
  }

  Link link() {
    return link;
  }

  private void http(Object message) {
    if (message instanceof HttpRequest head) {
      request = head;
      if (head.decoderResult().isFailure()) {
        proceed(head);
        return;
      }
    }
    HttpRequest head = request;
    if (message instanceof HttpContent content && head != null) {
      if (content.content().isReadable()) {
        proceed(null);
      } else if (content instanceof LastHttpContent) {
        proceed(head);
      }
    }
  }

  private void proceed(@Nullable HttpRequest head) {
    link.receiver(_ -> {});
    cancelTimeout.run();
    Upgrade upgrade =
        head == null
            ? new Upgrade.Refused(400, "Bad Request", java.util.Map.of(), "a body is not expected")
            : Upgrade.of(head, tokens);
    link.sendRaw(upgrade.response());
    ChannelPipeline pipeline = link.codec().pipeline();
    switch (upgrade) {
      case Upgrade.Refused _ -> link.finish(null);
      case Upgrade.Spdy spdy -> {
        serve(spdy);
        pipeline.remove("http"); // hands on what it has read beyond the request
      }
      case Upgrade.WebSocket webSocket -> {
        WebSocketCodec.install(link);
        serve(webSocket);
        pipeline.remove("http");
      }
    }
  }

  private void serve(Upgrade.Spdy spdy) {
    switch (spdy.request()) {
      case StreamRequest.PortForward forward -> new SpdyPortForward(link, runtime, forward, limits);
      case StreamRequest.Exec exec -> remoteCommand(spdy, exec, exec.streams());
      case StreamRequest.Attach attach -> remoteCommand(spdy, attach, attach.streams());
    }
  }

  private void remoteCommand(
      Upgrade.Spdy spdy, StreamRequest request, io.crema.sandbox.model.StreamSet streams) {
    new SpdyRemoteCommand(
        link, runtime, request, streams, SpdyProtocol.of(spdy.protocol()).orElseThrow(), limits);
  }

  private void serve(Upgrade.WebSocket webSocket) {
    switch (webSocket.request()) {
      case StreamRequest.PortForward forward -> {
        if (webSocket.protocol() == WebSocketProtocol.SPDY_TUNNEL) {
          WebSocketCodec.tunnel(link);
          new SpdyPortForward(link, runtime, forward, limits);
        } else {
          WebSocketPortForward.start(link, runtime, forward, webSocket.protocol());
        }
      }
      case StreamRequest.Exec exec ->
          WebSocketRemoteCommand.start(link, runtime, exec, exec.streams(), webSocket.protocol());
      case StreamRequest.Attach attach ->
          WebSocketRemoteCommand.start(
              link, runtime, attach, attach.streams(), webSocket.protocol());
    }
  }
}
