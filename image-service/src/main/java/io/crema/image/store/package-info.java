/**
 * Durable files: blobs by digest and small JSON records.
 *
 * <p>Owns the rule that a file is written aside, flushed, renamed and its directory flushed, so
 * that a name always stands for a whole content, also after power loss. It knows nothing of
 * networks or of what the blobs mean. Start reading at {@link io.crema.image.store.DurableFiles}.
 */
@NullMarked
package io.crema.image.store;

import org.jspecify.annotations.NullMarked;
