/**
 * The CRI's gRPC services.
 *
 * <p>Owns how a call is served: on a virtual thread that is interrupted when the client gives up,
 * with errors as gRPC codes. {@code RuntimeGrpc} and {@code ImageGrpc} only dispatch; the classes
 * beside them each serve one RPC or a few thin ones of one subject. It must not know how pods and
 * images work. Start reading at {@link io.crema.server.rpc.RuntimeGrpc}.
 */
@NullMarked
package io.crema.server.rpc;

import org.jspecify.annotations.NullMarked;
