/**
 * The Container Device Interface: devices by name ({@code vendor.com/class=name}), and what has to
 * be done to a container that gets one, from files that vendors put on the node (CNCF
 * container-device-interface, SPEC.md).
 *
 * <p>Owns reading and checking those files. It must know nothing of containers that exist. Start
 * reading at {@code CdiRegistry}.
 */
@NullMarked
package io.crema.sandbox.cdi;

import org.jspecify.annotations.NullMarked;
