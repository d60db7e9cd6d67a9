/**
 * The streaming server: the data side of Exec, Attach and PortForward.
 *
 * <p>The RPC answers a URL with a token that is good once ({@link
 * io.crema.server.streaming.StreamTokens}). The client, through the kubelet or directly, opens it
 * with SPDY/3.1 or WebSocket ({@link io.crema.server.streaming.Upgrade}); a {@link
 * io.crema.server.streaming.Link} is that connection. Its bytes are taken apart on Vert.x's event
 * loop, by netty's codecs in an {@code EmbeddedChannel}, into {@link
 * io.crema.server.streaming.ClientStream}s, which sessions on virtual threads read and write as
 * blocking streams. The protocols are those of k8s.io/cri-streaming. Start reading at {@link
 * io.crema.server.streaming.StreamingServer}.
 */
@NullMarked
package io.crema.server.streaming;

import org.jspecify.annotations.NullMarked;
