/** What the tests build with: tar archives, images, and a registry with faults to order. */
@NullMarked
package io.crema.image.rig;

import org.jspecify.annotations.NullMarked;
