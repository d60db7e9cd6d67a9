/**
 * The life of pods and containers.
 *
 * <p>Owns state: what exists, what it is doing, and the durable record of both. Decides; the
 * modules below act. It must know neither protobuf nor gRPC. Start reading at {@link
 * io.crema.sandbox.PodRuntime}.
 */
@NullMarked
package io.crema.sandbox;

import org.jspecify.annotations.NullMarked;
