/**
 * netlink(7): messages as bytes, sockets, and the parts of rtnetlink(7) that a pod network needs.
 *
 * <p>Owns the codec ({@link io.crema.cni.netlink.NetlinkBatch} writes, {@link
 * io.crema.cni.netlink.Attributes} reads), the socket ({@link io.crema.cni.netlink.NetlinkSocket})
 * and the messages for links, addresses and routes ({@link io.crema.cni.netlink.Rtnetlink}). It
 * must know nothing of pods or policy. Start reading at {@code NetlinkBatch}.
 */
@NullMarked
package io.crema.cni.netlink;

import org.jspecify.annotations.NullMarked;
