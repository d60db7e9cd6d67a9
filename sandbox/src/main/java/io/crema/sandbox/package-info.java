/** See below. */
@NullMarked
package io.crema.sandbox;

import org.jspecify.annotations.NullMarked;
