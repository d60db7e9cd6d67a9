package io.crema.sandbox.life;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Names of block devices by number (sysfs(5)), each looked up once: for the time of one request.
 */
final class BlockDevices {
  private static final Path SYS = Path.of("/sys/dev/block");
  private static final String KEY = "DEVNAME=";

  private final Map<String, String> names = new HashMap<>();

  /** As {@code /dev/sda}; empty for a number that no block device has. */
  String name(int major, int minor) {
    return names.computeIfAbsent(major + ":" + minor, BlockDevices::read);
  }

  private static String read(String number) {
    try {
      for (String line : Files.readAllLines(SYS.resolve(number).resolve("uevent"))) {
        if (line.startsWith(KEY)) {
          return "/dev/" + line.substring(KEY.length());
        }
      }
    } catch (IOException e) {
      return ""; // such as a tmpfs's
    }
    return "";
  }
}
