/** See below. */
@NullMarked
package io.crema.image;

import org.jspecify.annotations.NullMarked;
