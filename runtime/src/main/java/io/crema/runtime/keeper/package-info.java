/**
 * The keeper seen from Java: the small C program (src/main/c/keeper.c), one process per pod, that
 * runs launch plans, is the parent of the pod's processes and owns their stdio.
 *
 * <p>{@link io.crema.runtime.keeper.Nursery} forks keepers, {@link io.crema.runtime.keeper.Keeper}
 * is a connection to one, {@link io.crema.runtime.keeper.KeeperLoop} reads all connections on one
 * thread, {@link io.crema.runtime.keeper.Journal} tells the exits of a keeper that is gone. The
 * format of the messages is in {@code Wire} and keeper.c. It must not know pods, images or the CRI,
 * nor how a plan is composed. Start reading at {@code Keeper}.
 */
@NullMarked
package io.crema.runtime.keeper;

import org.jspecify.annotations.NullMarked;
