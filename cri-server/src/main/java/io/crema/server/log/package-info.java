/**
 * Where the daemon's log lines go and what they look like.
 *
 * <p>Libraries log through {@link java.lang.System.Logger}, gRPC through java.util.logging; both
 * end here, one line each, on standard error. It must know nothing else of Crema. Start reading at
 * {@link io.crema.server.log.Logging}.
 */
@NullMarked
package io.crema.server.log;

import org.jspecify.annotations.NullMarked;
