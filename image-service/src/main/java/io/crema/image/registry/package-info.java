/**
 * The client side of the OCI distribution specification: which hosts to ask, how to be let in,
 * documents and blobs.
 *
 * <p>Owns HTTP, redirects, tokens and the order of mirrors. It must know nothing of disks: bytes go
 * to who asked for them. Start reading at {@link io.crema.image.registry.RegistryClient}.
 */
@NullMarked
package io.crema.image.registry;

import org.jspecify.annotations.NullMarked;
