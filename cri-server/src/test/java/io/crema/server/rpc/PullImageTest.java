package io.crema.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.image.model.PullException;
import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import io.grpc.Status;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class PullImageTest {
  @Test
  void eachFailureHasTheCodeThatTheKubeletExpects() {
    assertThat(PullImage.status(new PullException.NotFound("x", null))).isEqualTo(Status.NOT_FOUND);
    assertThat(PullImage.status(new PullException.Unauthorized("x", null)))
        .isEqualTo(Status.UNAUTHENTICATED);
    assertThat(PullImage.status(new PullException.Denied("x", null)))
        .isEqualTo(Status.PERMISSION_DENIED);
    assertThat(PullImage.status(new PullException.RegistryUnavailable("x", null)))
        .isEqualTo(Status.UNAVAILABLE);
    assertThat(PullImage.status(new PullException.Invalid("x"))).isEqualTo(Status.INVALID_ARGUMENT);
    assertThat(PullImage.status(new PullException.TooLarge("x")))
        .isEqualTo(Status.RESOURCE_EXHAUSTED);
    assertThat(PullImage.status(new PullException.Storage("x", null))).isEqualTo(Status.INTERNAL);
  }

  @Test
  void aFullDiskIsNoInternalError() {
    for (IOException full :
        new IOException[] {
          new ErrnoException("write", "5", Errno.ENOSPC.number()),
          new IOException("No space left on device"),
          new IOException("Disk quota exceeded")
        }) {
      PullException e = new PullException.Storage("pull x", new IOException("layer", full));
      assertThat(PullImage.status(e)).isEqualTo(Status.RESOURCE_EXHAUSTED);
      assertThat(PullImage.status(e.prefixed("again: "))).isEqualTo(Status.RESOURCE_EXHAUSTED);
    }
  }

  /** images/image_manager.go looks for it at the beginning. */
  @Test
  void theWordThatTheKubeletLooksForStaysFirst() {
    PullException e =
        new PullException.RegistryUnavailable("manifest 1: no", null).prefixed("pull x: ");
    assertThat(e).hasMessage("RegistryUnavailable: pull x: manifest 1: no");
  }
}
