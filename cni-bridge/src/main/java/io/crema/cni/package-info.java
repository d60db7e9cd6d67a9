/** See below. */
@NullMarked
package io.crema.cni;

import org.jspecify.annotations.NullMarked;
