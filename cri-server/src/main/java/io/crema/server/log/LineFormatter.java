package io.crema.server.log;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.jspecify.annotations.Nullable;

/**
 * {@code 2026-11-24T10:00:00.000Z INFO sandbox: message}; a stack trace follows on lines of its
 * own.
 */
final class LineFormatter extends Formatter {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  @Override
  public String format(LogRecord record) {
    StringBuilder line = new StringBuilder(128);
    TIME.formatTo(record.getInstant().atZone(ZoneOffset.UTC), line);
    line.append(' ').append(level(record.getLevel())).append(' ');
    line.append(subject(record.getLoggerName())).append(": ").append(formatMessage(record));
    line.append('\n');
    @Nullable Throwable thrown = record.getThrown();
    if (thrown != null) {
      StringWriter trace = new StringWriter();
      thrown.printStackTrace(new PrintWriter(trace));
      line.append(trace);
    }
    return line.toString();
  }

  private static String level(Level level) {
    if (level.intValue() >= Level.SEVERE.intValue()) {
      return "ERROR";
    }
    if (level.intValue() >= Level.WARNING.intValue()) {
      return "WARN ";
    }
    if (level.intValue() >= Level.INFO.intValue()) {
      return "INFO ";
    }
    return level.intValue() >= Level.FINE.intValue() ? "DEBUG" : "TRACE";
  }

  /** The part of a logger's name that tells the rooms of Crema apart. */
  private static String subject(@Nullable String logger) {
    if (logger == null || logger.isEmpty()) {
      return "root";
    }
    return logger.startsWith("io.crema.") ? logger.substring("io.crema.".length()) : logger;
  }
}
