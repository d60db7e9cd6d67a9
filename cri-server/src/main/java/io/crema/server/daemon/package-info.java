/**
 * The daemon: everything that runs together, made in order and closed in reverse.
 *
 * <p>Owns the socket, the lock on the state directory and the services behind them. It must not
 * know who started it. Start reading at {@link io.crema.server.daemon.Daemon}.
 */
@NullMarked
package io.crema.server.daemon;

import org.jspecify.annotations.NullMarked;
