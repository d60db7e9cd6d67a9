/**
 * {@code crema up}: pods from manifests, for a person at a terminal.
 *
 * <p>Owns what the kubelet would do for them on a node: pulls, order, restarts, the following of
 * logs, removal at the end. Talks CRI to a daemon, be it another process or one of its own. It must
 * not know the runtime's inside. Start reading at {@link io.crema.server.up.Up}.
 */
@NullMarked
package io.crema.server.up;

import org.jspecify.annotations.NullMarked;
