package io.crema.sandbox.life;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageLinksTest {
  @TempDir Path root;

  @BeforeEach
  void image() throws IOException {
    Files.createDirectories(root.resolve("etc"));
  }

  private void link(String at, String to) throws IOException {
    Files.createSymbolicLink(root.resolve(at), Path.of(to));
  }

  private String follow(String path) throws IOException {
    try (Fd fd = Paths.linux().open(root.toString(), Paths.O_PATH | Paths.directoryFlag(), 0)) {
      return ImageLinks.follow(fd, path);
    }
  }

  @Test
  void aFileOrNothingIsItsOwnPlace() throws IOException {
    Files.writeString(root.resolve("etc/hosts"), "");
    assertThat(follow("/etc/hosts")).isEqualTo("/etc/hosts");
    assertThat(follow("/etc/nothing")).isEqualTo("/etc/nothing");
    assertThat(follow("/no/such/directory")).isEqualTo("/no/such/directory");
  }

  @Test
  void aLinkLeadsOnAlsoToWhereNothingIs() throws IOException {
    link("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
    assertThat(follow("/etc/resolv.conf")).isEqualTo("/run/systemd/resolve/stub-resolv.conf");
    link("etc/hosts", "first");
    link("etc/first", "/second");
    assertThat(follow("/etc/hosts")).isEqualTo("/second");
  }

  @Test
  void theRootIsTheEndOfTheWayUp() throws IOException {
    link("etc/hosts", "../../../../../../etc/passwd");
    assertThat(follow("/etc/hosts")).isEqualTo("/etc/passwd");
    link("etc/hostname", "/../../x/../../y");
    assertThat(follow("/etc/hostname")).isEqualTo("/y");
  }

  @Test
  void linksThatLeadNowhereLeaveThePathAsItIs() throws IOException {
    link("etc/hosts", "hosts");
    assertThat(follow("/etc/hosts")).isEqualTo("/etc/hosts");
    link("etc/a", "b");
    link("etc/b", "a");
    assertThat(follow("/etc/a")).isEqualTo("/etc/a");
    link("etc/up", "..");
    assertThat(follow("/etc/up")).isEqualTo("/etc/up");
  }
}
