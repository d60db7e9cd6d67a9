/**
 * Which address a pod gets, and when it may be given again.
 *
 * <p>Owns CIDR arithmetic ({@link io.crema.cni.ipam.Cidr}), pools ({@link
 * io.crema.cni.ipam.AddressPool}) and the book of what is in use or in quarantine ({@link
 * io.crema.cni.ipam.AddressBook}). Pure: it must know neither disk nor kernel. Start reading at
 * {@code AddressBook}.
 */
@NullMarked
package io.crema.cni.ipam;

import org.jspecify.annotations.NullMarked;
