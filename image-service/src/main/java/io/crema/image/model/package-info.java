/**
 * What images are, as values: references, digests, manifests, configurations, and why a pull fails.
 *
 * <p>Owns the grammar of references and the reading of OCI and Docker schema 2 documents. Does no
 * input or output and knows nothing of registries, disks or CRI. Start reading at {@link
 * io.crema.image.model.Reference} and {@link io.crema.image.model.Manifests}.
 */
@NullMarked
package io.crema.image.model;

import org.jspecify.annotations.NullMarked;
