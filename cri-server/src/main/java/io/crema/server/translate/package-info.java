/**
 * Between the CRI's protobuf messages and the model of {@code io.crema.sandbox}.
 *
 * <p>Owns the checks of what a client sent: each failure is INVALID_ARGUMENT and names the field by
 * its path in the request. Protobuf types go no further down than this. It must know no behaviour.
 * One class per subject; start reading at {@link io.crema.server.translate.PodTranslation}.
 */
@NullMarked
package io.crema.server.translate;

import org.jspecify.annotations.NullMarked;
