/**
 * A registry for tests and the demo: images put together from tar files, kept as blobs and tags in
 * a directory, and served over the OCI distribution protocol.
 *
 * <p>Uses the JDK alone and nothing of Crema, so that {@code java Main.java} runs it from source
 * before anything is built. Start reading at {@link io.crema.e2e.registry.Main}.
 */
@NullMarked
package io.crema.e2e.registry;

import org.jspecify.annotations.NullMarked;
