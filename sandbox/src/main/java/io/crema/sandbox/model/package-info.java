/**
 * What a client asks for and what it is told: the CRI's vocabulary as immutable values.
 *
 * <p>One record per CRI message that matters, with the same names; unset strings are empty and
 * unset messages null, as the CRI means them. The configurations are stored as JSON in the records
 * of pods and containers. It must know no behaviour. Start reading at {@code PodConfig} and {@code
 * ContainerConfig}.
 */
@NullMarked
package io.crema.sandbox.model;

import org.jspecify.annotations.NullMarked;
