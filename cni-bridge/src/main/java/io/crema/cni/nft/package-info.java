/**
 * nftables by netlink messages: the one table of the pod network.
 *
 * <p>Owns transactions ({@link io.crema.cni.nft.NftBatch}), rules as lists of expressions ({@link
 * io.crema.cni.nft.NftRule}) and the table itself ({@link io.crema.cni.nft.PodTable}): a constant
 * number of chains and rules; what pods add are elements of maps. It must know nothing of pods'
 * lives. Start reading at {@code PodTable}.
 */
@NullMarked
package io.crema.cni.nft;

import org.jspecify.annotations.NullMarked;
