/*
 * The CRI log format and the journal.
 *
 * A line of a log is "TIME stdout|stderr F|P CONTENT\n"; a container's line longer than 16 KiB is written in parts
 * of 16 KiB tagged P, the rest of it F. "\r\n" ends a line as "\n" does; a last line without its end is tagged P.
 * All as containerd does (internal/cri/io/logger.go), but the time is UTC, always has nine digits, and is taken
 * once for each chunk that is read.
 */
#include "keeper.h"
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#define PART 16384
#define OUT_SIZE 131072
#define PREFIX 40 /* 2006-01-02T15:04:05.000000000Z stdout F */
#define SECOND 1000000000

static uint8_t *chunk, *out;
static uint32_t out_used;
static bool dirty;
static int64_t burst; /* when more than the buffers' first pages was last used */
static uint8_t prefix[PREFIX];
static int64_t prefix_second;

uint8_t *chunk_buffer(void) {
  if (!chunk) chunk = map(CARRY_MAX + CHUNK);
  dirty = true;
  return chunk;
}

bool buffers_dirty(void) { return dirty; }

/* Gives back what a burst of output has used; called when nothing was copied for a while. */
void release_buffers(void) {
  if (chunk) sys(SYS_madvise, chunk, CARRY_MAX + CHUNK, MADV_DONTNEED);
  if (out) sys(SYS_madvise, out, OUT_SIZE, MADV_DONTNEED);
  for (int i = 0; i < launch_capacity; i++)
    for (int w = 0; w < 2; w++) {
      struct stream *s = &launches[i].out[w];
      if (!s->carry_page || s->carry) continue;
      unmap(s->carry_page, CARRY_MAX);
      s->carry_page = NULL;
    }
  dirty = false;
}

static void digits(uint8_t *to, uint64_t value, int count) {
  for (int i = count - 1; i >= 0; i--, value /= 10) to[i] = (uint8_t)('0' + value % 10);
}

/* Days since 1970 to a date (proleptic Gregorian; "days from civil" of H. Hinnant, inverted). */
static void date(uint8_t *to, int64_t days) {
  int64_t z = days + 719468, era = z / 146097, doe = z - era * 146097;
  int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  int64_t month = mp < 10 ? mp + 3 : mp - 9;
  digits(to, (uint64_t)(yoe + era * 400 + (month <= 2)), 4);
  to[4] = '-';
  digits(to + 5, (uint64_t)month, 2);
  to[7] = '-';
  digits(to + 8, (uint64_t)(doy - (153 * mp + 2) / 5 + 1), 2);
  to[10] = 'T';
}

static void set_prefix(int which) {
  int64_t t = now(), second = t / SECOND;
  if (second != prefix_second) {
    int64_t s = second % 86400;
    date(prefix, second / 86400);
    digits(prefix + 11, (uint64_t)(s / 3600), 2);
    prefix[13] = ':';
    digits(prefix + 14, (uint64_t)(s / 60 % 60), 2);
    prefix[16] = ':';
    digits(prefix + 17, (uint64_t)(s % 60), 2);
    prefix[19] = '.';
    prefix_second = second;
  }
  digits(prefix + 20, (uint64_t)(t % SECOND), 9);
  memcpy(prefix + 29, which ? "Z stderr F " : "Z stdout F ", 11);
}

/* Writes what is gathered. When the disk is full the rest is dropped and counted: a container must not wait for it. */
static void flush(struct launch *l) {
  uint32_t done = 0;
  while (done < out_used) {
    long n = sys(SYS_write, l->log, out + done, out_used - done);
    if (n == -EINTR) continue;
    if (n <= 0) {
      if (done > 0 && out[done - 1] != '\n') l->torn_log = true;
      l->dropped += out_used - done;
      break;
    }
    done += (uint32_t)n;
  }
  out_used = 0;
}

static void emit(struct launch *l, uint8_t tag, const uint8_t *content, uint32_t length) {
  if (out_used + 1 + PREFIX + length + 1 > OUT_SIZE) flush(l);
  if (out_used == 0 && l->torn_log) {
    out[out_used++] = '\n'; /* the line that a full disk has cut */
    l->torn_log = false;
  }
  uint8_t *to = out + out_used;
  memcpy(to, prefix, PREFIX);
  to[PREFIX - 2] = tag;
  memcpy(to + PREFIX, content, length);
  to[PREFIX + length] = '\n';
  out_used += PREFIX + length + 1;
}

static const uint8_t *parts(struct launch *l, const uint8_t *p, const uint8_t *end) {
  for (; end - p > PART; p += PART) emit(l, 'P', p, PART);
  return p;
}

/* Logs bytes[0..length), the first `carried` of which are an unfinished line; keeps the new unfinished line. */
void log_chunk(struct launch *l, int which, uint8_t *bytes, uint32_t carried, uint32_t length, bool end) {
  struct stream *s = &l->out[which];
  const uint8_t *p = bytes, *scan = bytes + carried, *stop = bytes + length, *nl;
  s->carry = 0;
  if (l->log < 0) return;
  if (!out && !(out = map(OUT_SIZE))) {
    l->dropped += length;
    return;
  }
  set_prefix(which);
  while (scan < stop && (nl = memchr(scan, '\n', (size_t)(stop - scan)))) {
    const uint8_t *content_end = nl > p && nl[-1] == '\r' ? nl - 1 : nl;
    p = parts(l, p, content_end);
    emit(l, 'F', p, (uint32_t)(content_end - p));
    p = scan = nl + 1;
  }
  while (stop - p > CARRY_MAX || (stop - p == CARRY_MAX && stop[-1] != '\r')) {
    emit(l, 'P', p, PART);
    p += PART;
  }
  if (end && p < stop) {
    p = parts(l, p, stop);
    emit(l, 'P', p, (uint32_t)(stop - p));
    p = stop;
  }
  if (p < stop) {
    if (!s->carry_page) s->carry_page = map(CARRY_MAX);
    if (s->carry_page) {
      s->carry = (uint32_t)(stop - p);
      memcpy(s->carry_page, p, s->carry);
    } else {
      emit(l, 'P', p, (uint32_t)(stop - p));
    }
  }
  if (length > 4096) burst = prefix_second;
  flush(l);
  if (burst && prefix_second - burst > 2) { /* a trickle after a burst: nothing else would give its pages back */
    sys(SYS_madvise, out, OUT_SIZE, MADV_DONTNEED);
    sys(SYS_madvise, chunk, CARRY_MAX + CHUNK, MADV_DONTNEED);
    burst = 0;
  }
}

/* --- the journal: one line a fact, appended in one write --- */

#define JOURNAL "journal"
#define JOURNAL_NEW "journal.new"
#define LINE 256
#define COMPACT_AT 262144

static int journal = -1, journal_directory = -1;
static uint64_t journal_size, journal_limit = COMPACT_AT;

static size_t put_text(char *to, const char *text, size_t length) {
  memcpy(to, text, length);
  to[length] = ' ';
  return length + 1;
}

static size_t put_number(char *to, uint64_t value) {
  uint8_t d[20];
  size_t n = 0;
  do d[n++] = (uint8_t)('0' + value % 10);
  while (value /= 10);
  for (size_t i = 0; i < n; i++) to[i] = (char)d[n - 1 - i];
  to[n] = ' ';
  return n + 1;
}

static size_t started_line(char *to, const struct launch *l) {
  size_t n = put_text(to, "started", 7);
  n += put_number(to + n, l->id);
  n += put_text(to + n, l->name, l->name_length);
  n += put_number(to + n, (uint64_t)l->pid);
  n += put_number(to + n, (uint64_t)l->started);
  to[n - 1] = '\n';
  return n;
}

static size_t exited_line(char *to, const struct launch *l) {
  size_t n = put_text(to, "exited", 6);
  n += put_number(to + n, l->id);
  n += put_text(to + n, l->name, l->name_length);
  n += put_number(to + n, (uint64_t)l->pid);
  n += put_number(to + n, (uint64_t)(uint32_t)l->status);
  n += put_number(to + n, (uint64_t)l->exited);
  to[n - 1] = '\n';
  return n;
}

void journal_open(int directory) {
  journal_directory = directory;
  journal = (int)sys(SYS_openat, directory, JOURNAL, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (journal < 0) return;
  long end = sys(SYS_lseek, journal, 0, SEEK_END);
  journal_size = end > 0 ? (uint64_t)end : 0;
}

/* Keeps only what is not forgotten: a pod that runs for years must not fill /run. */
static void compact(void) {
  char line[LINE];
  uint64_t size = 0;
  int fd = (int)sys(SYS_openat, journal_directory, JOURNAL_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  long failed = fd < 0 ? fd : 0;
  for (int i = 0; i < launch_capacity && !failed; i++) {
    struct launch *l = &launches[i];
    if ((l->state != STATE_RUNNING && l->state != STATE_EXITED) || l->forgotten || (l->flags & LAUNCH_EPHEMERAL))
      continue;
    size_t n = started_line(line, l);
    failed = sys(SYS_write, fd, line, n) != (long)n;
    size += n;
    if (l->state == STATE_EXITED && !failed) {
      n = exited_line(line, l);
      failed = sys(SYS_write, fd, line, n) != (long)n;
      size += n;
    }
  }
  if (!failed) failed = sys(SYS_renameat2, journal_directory, JOURNAL_NEW, journal_directory, JOURNAL, 0);
  if (failed) {
    if (fd >= 0) sys(SYS_unlinkat, journal_directory, JOURNAL_NEW, 0);
    close_fd(&fd);
    journal_limit = journal_size * 2;
    return;
  }
  close_fd(&journal);
  journal = fd;
  journal_size = size;
  journal_limit = size * 2 > COMPACT_AT ? size * 2 : COMPACT_AT;
}

static void append(const char *line, size_t length) {
  if (journal < 0) return;
  if (sys(SYS_write, journal, line, length) > 0) journal_size += length;
  if (journal_size > journal_limit) compact();
}

void journal_started(const struct launch *l) {
  char line[LINE];
  if (!(l->flags & LAUNCH_EPHEMERAL)) append(line, started_line(line, l));
}

void journal_exited(const struct launch *l) {
  char line[LINE];
  if (!(l->flags & LAUNCH_EPHEMERAL)) append(line, exited_line(line, l));
}
