/** See below. */
@NullMarked
package io.crema.server;

import org.jspecify.annotations.NullMarked;
