package io.crema.runtime.seccomp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.runtime.linux.Arch;
import io.crema.runtime.linux.Sys;
import io.crema.runtime.security.Capability;
import io.crema.runtime.security.CapabilitySet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What compiled filters answer, by interpreting them as the kernel does (linux/filter.h). */
class SeccompFiltersTest {
  private static final int ALLOW = 0x7fff0000;
  private static final int ERRNO = 0x00050000;
  private static final int EPERM = 1;
  private static final long CLONE_NEWUSER = 0x10000000;

  @Test
  void theDefaultProfileLetsProgramsRunAndKeepsTheKernelFromThem() throws IOException {
    SeccompFilter filter = new SeccompFilters().runtimeDefault(CapabilitySet.DEFAULT);
    assertThat(answer(filter, Sys.READ.number())).isEqualTo(ALLOW);
    assertThat(answer(filter, Sys.OPENAT.number())).isEqualTo(ALLOW);
    assertThat(answer(filter, Sys.EXECVE.number())).isEqualTo(ALLOW);
    assertThat(answer(filter, Sys.MOUNT.number())).isEqualTo(ERRNO | EPERM);
    assertThat(answer(filter, Sys.SETNS.number())).isEqualTo(ERRNO | EPERM);
    assertThat(answer(filter, Sys.BPF.number())).isEqualTo(ERRNO | EPERM);
  }

  @Test
  void aNewUserNamespaceNeedsTheCapability() throws IOException {
    SeccompFilters filters = new SeccompFilters();
    SeccompFilter plain = filters.runtimeDefault(CapabilitySet.DEFAULT);
    assertThat(answer(plain, Sys.CLONE.number(), 0)).isEqualTo(ALLOW);
    assertThat(answer(plain, Sys.CLONE.number(), CLONE_NEWUSER)).isEqualTo(ERRNO | EPERM);
    Set<Capability> admin = EnumSet.copyOf(CapabilitySet.DEFAULT);
    admin.add(Capability.SYS_ADMIN);
    SeccompFilter able = filters.runtimeDefault(admin);
    assertThat(answer(able, Sys.CLONE.number(), CLONE_NEWUSER)).isEqualTo(ALLOW);
    assertThat(answer(able, Sys.MOUNT.number())).isEqualTo(ALLOW);
  }

  @Test
  void aProfileIsCompiledOncePerSetOfCapabilities() throws IOException {
    SeccompFilters filters = new SeccompFilters();
    assertThat(filters.runtimeDefault(CapabilitySet.DEFAULT))
        .isSameAs(filters.runtimeDefault(EnumSet.copyOf(CapabilitySet.DEFAULT)));
  }

  @Test
  void aLocalhostProfileIsWhatItsFileSays(@TempDir Path directory) throws IOException {
    Path profile = directory.resolve("no-uname.json");
    Files.writeString(
        profile,
        """
        {"defaultAction": "SCMP_ACT_ALLOW",
         "syscalls": [
           {"names": ["setns", "no_such_call"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
           {"names": ["kill"], "action": "SCMP_ACT_ERRNO",
            "args": [{"index": 1, "value": 9, "op": "SCMP_CMP_EQ"}]}]}
        """);
    SeccompFilter filter = new SeccompFilters().localhost(profile, CapabilitySet.DEFAULT);
    assertThat(answer(filter, Sys.SETNS.number())).isEqualTo(ERRNO | 38);
    assertThat(answer(filter, Sys.KILL.number(), 1, 9)).isEqualTo(ERRNO | EPERM);
    assertThat(answer(filter, Sys.KILL.number(), 1, 15)).isEqualTo(ALLOW);
    assertThat(answer(filter, Sys.READ.number())).isEqualTo(ALLOW);
  }

  @Test
  void whatIsWrongWithAProfileIsSaidWithItsName(@TempDir Path directory) throws IOException {
    SeccompFilters filters = new SeccompFilters();
    Path missing = directory.resolve("missing.json");
    assertThatThrownBy(() -> filters.localhost(missing, CapabilitySet.DEFAULT))
        .isInstanceOf(SeccompProfileException.class)
        .hasMessageContaining(missing.toString())
        .hasMessageContaining("no such file");
    Path broken = directory.resolve("broken.json");
    Files.writeString(broken, "{\"defaultAction\": \"SCMP_ACT_MAYBE\"}");
    assertThatThrownBy(() -> filters.localhost(broken, CapabilitySet.DEFAULT))
        .isInstanceOf(SeccompProfileException.class)
        .hasMessageContaining(broken.toString())
        .hasMessageContaining("SCMP_ACT_MAYBE");
    assertThatThrownBy(() -> filters.localhost(Path.of("relative"), CapabilitySet.DEFAULT))
        .isInstanceOf(SeccompProfileException.class)
        .hasMessageContaining("absolute");
  }

  /** Runs the filter over struct seccomp_data of a call of this architecture. */
  private static int answer(SeccompFilter filter, int nr, long... args) {
    ByteBuffer data = ByteBuffer.allocate(64).order(ByteOrder.nativeOrder());
    data.putInt(0, nr).putInt(4, (int) Arch.current().auditArch());
    for (int i = 0; i < args.length; i++) {
      data.putLong(16 + 8 * i, args[i]);
    }
    ByteBuffer program = ByteBuffer.wrap(filter.instructions()).order(ByteOrder.nativeOrder());
    int a = 0;
    int x = 0;
    int[] memory = new int[16];
    for (int pc = 0; ; pc++) {
      int at = pc * 8;
      int code = program.getShort(at) & 0xffff;
      int jt = program.get(at + 2) & 0xff;
      int jf = program.get(at + 3) & 0xff;
      int k = program.getInt(at + 4);
      switch (code) {
        case 0x20 -> a = data.getInt(k); // BPF_LD|BPF_W|BPF_ABS
        case 0x00 -> a = k;
        case 0x01 -> x = k;
        case 0x60 -> a = memory[k];
        case 0x02 -> memory[k] = a;
        case 0x07 -> x = a;
        case 0x87 -> a = x;
        case 0x54 -> a &= k;
        case 0x05 -> pc += k;
        case 0x15 -> pc += a == k ? jt : jf;
        case 0x25 -> pc += Integer.compareUnsigned(a, k) > 0 ? jt : jf;
        case 0x35 -> pc += Integer.compareUnsigned(a, k) >= 0 ? jt : jf;
        case 0x45 -> pc += (a & k) != 0 ? jt : jf;
        case 0x06 -> {
          return k;
        }
        default -> throw new AssertionError("instruction 0x" + Integer.toHexString(code));
      }
    }
  }
}
