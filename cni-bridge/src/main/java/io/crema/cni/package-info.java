/**
 * Pod networking: what attaches a pod's network namespace to a network and detaches it again.
 *
 * <p>Owns the seam ({@link io.crema.cni.PodNetwork}) and the built-in network ({@link
 * io.crema.cni.BridgeNetwork}), which needs neither configuration nor helper programs. It must know
 * nothing of containers, CRI messages or records of pods. Start reading at {@code PodNetwork}, then
 * {@code BridgeNetwork}.
 */
@NullMarked
package io.crema.cni;

import org.jspecify.annotations.NullMarked;
