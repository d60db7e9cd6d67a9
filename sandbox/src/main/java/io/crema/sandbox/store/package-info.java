/**
 * Durable records of pods and containers, and the index of those that live.
 *
 * <p>A record is one small JSON file, written aside and renamed; it is what a restarted daemon
 * believes. It must know nothing of processes, networks or mounts. Start reading at {@link
 * io.crema.sandbox.store.RecordStore}.
 */
@NullMarked
package io.crema.sandbox.store;

import org.jspecify.annotations.NullMarked;
