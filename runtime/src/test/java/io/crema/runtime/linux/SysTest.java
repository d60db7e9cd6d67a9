package io.crema.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The numbers in {@link Sys} are those of the system's headers. */
class SysTest {
  private static final Pattern DEFINE = Pattern.compile("#define __NR(?:3264)?_(\\w+) (\\d+)");

  @Test
  void x86NumbersAreThoseOfUnistd64() throws IOException {
    check(Path.of("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Arch.X86_64);
  }

  @Test
  void aarch64NumbersAreThoseOfTheGenericTable() throws IOException {
    check(Path.of("/usr/include/asm-generic/unistd.h"), Arch.AARCH64);
  }

  private static void check(Path header, Arch arch) throws IOException {
    assumeTrue(Files.exists(header), header + " is not installed (linux-libc-dev)");
    Map<String, Integer> numbers = new HashMap<>();
    for (String line : Files.readAllLines(header)) {
      Matcher m = DEFINE.matcher(line);
      if (m.find()) {
        numbers.put(m.group(1), Integer.parseInt(m.group(2)));
      }
    }
    // the generic table names this one fstatat, for both widths (__NR3264_fstatat)
    numbers.putIfAbsent("newfstatat", numbers.getOrDefault("fstatat", -1));
    for (Sys sys : Sys.values()) {
      assertThat(numbers).as(arch + " " + header).containsEntry(sys.callName(), sys.number(arch));
    }
  }
}
