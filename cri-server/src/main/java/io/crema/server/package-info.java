/**
 * The daemon's face: gRPC services, configuration and the {@code crema} command.
 *
 * <p>Nothing lives in this package itself; its rooms, each knowing only those before it: {@code
 * log}, {@code config}, {@code cri} (generated from api.proto), {@code translate}, {@code rpc},
 * {@code daemon}, {@code manifest}, {@code up}, {@code cli}. Start reading at {@link
 * io.crema.server.daemon.Daemon}.
 */
@NullMarked
package io.crema.server;

import org.jspecify.annotations.NullMarked;
