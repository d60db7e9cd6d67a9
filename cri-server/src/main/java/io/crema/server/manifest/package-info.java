/**
 * Pod manifests as {@code kubectl} takes them, read with Fabric8's model.
 *
 * <p>Owns reading, checking and the translation to the CRI that the kubelet does on a node: {@code
 * ManifestReader}, {@code PodChecks}, {@code PodTranslator}. Each problem names file, line, path
 * and what was expected. It must not run anything. Start reading at {@link
 * io.crema.server.manifest.ManifestReader}.
 */
@NullMarked
package io.crema.server.manifest;

import org.jspecify.annotations.NullMarked;
