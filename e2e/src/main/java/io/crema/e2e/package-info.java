/** See below. */
@NullMarked
package io.crema.e2e;

import org.jspecify.annotations.NullMarked;
