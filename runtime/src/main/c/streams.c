/* Copies containers' output into logs and to attached clients, and clients' input to containers. */
#include "keeper.h"
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

static uint32_t round_up(uint32_t n) { return (n + 65535) & ~65535U; }

void pending_free(struct pending *p) {
  if (p->bytes) unmap(p->bytes, p->capacity);
  memset(p, 0, sizeof *p);
}

static bool pending_any(const struct pending *p) { return p->to > p->from; }

static bool pending_add(struct pending *p, const uint8_t *bytes, uint32_t length) {
  if (p->to + length > p->capacity) {
    uint32_t capacity = round_up(p->to - p->from + length);
    uint8_t *larger = map(capacity);
    if (!larger) return false;
    if (p->bytes) memcpy(larger, p->bytes + p->from, p->to - p->from);
    struct pending moved = {larger, 0, p->to - p->from, capacity};
    pending_free(p);
    *p = moved;
  }
  memcpy(p->bytes + p->to, bytes, length);
  p->to += length;
  return true;
}

/* Bytes written of length: fewer when fd is full; -errno when it is no more. */
static long push(int fd, const uint8_t *bytes, uint32_t length) {
  uint32_t done = 0;
  while (done < length) {
    long n = sys(SYS_write, fd, bytes + done, length - done);
    if (n == -EINTR) continue;
    if (n == -EAGAIN) break;
    if (n <= 0) return n ? n : -EIO;
    done += (uint32_t)n;
  }
  return (long)done;
}

/* Writes what is pending; -errno when fd is no more. */
static long pending_push(struct pending *p, int fd) {
  long n = push(fd, p->bytes + p->from, p->to - p->from);
  if (n < 0) return n;
  p->from += (uint32_t)n;
  if (p->from == p->to) pending_free(p);
  return 0;
}

static int index_of(const struct launch *l) { return (int)(l - launches); }

/* --- output --- */

static void watch_stream(struct launch *l, int which) {
  watch(EPOLL_CTL_ADD, l->out[which].fd, EPOLLIN, which ? ON_OUT1 : ON_OUT0, l->generation, index_of(l));
}

void stream_open(struct launch *l, int which, int fd) {
  sys(SYS_fcntl, fd, F_SETFL, sys(SYS_fcntl, fd, F_GETFL) | O_NONBLOCK);
  l->out[which].fd = fd;
  l->out[which].paused = false;
  watch_stream(l, which);
}

void stream_close(struct launch *l, int which) {
  struct stream *s = &l->out[which];
  if (s->fd >= 0 && !s->paused) unwatch(s->fd);
  close_fd(&s->fd);
  if (s->carry_page) unmap(s->carry_page, CARRY_MAX);
  s->carry_page = NULL;
  s->carry = 0;
}

static bool serves(const struct attachment *a, const struct launch *l) {
  return a->number && a->launch == index_of(l);
}

static void pause_stream(struct launch *l, int which) {
  if (l->out[which].fd < 0 || l->out[which].paused) return;
  unwatch(l->out[which].fd);
  l->out[which].paused = true;
}

/* Reads on when no attached reader is behind any more. */
static void resume_stream(struct launch *l, int which) {
  if (l->out[which].fd < 0 || !l->out[which].paused) return;
  for (int i = 0; i < attachment_capacity; i++)
    if (serves(&attachments[i], l) && pending_any(&attachments[i].pending[which])) return;
  l->out[which].paused = false;
  watch_stream(l, which);
}

static void free_if_over(struct attachment *a) {
  if (a->in >= 0 || a->out[0] >= 0 || a->out[1] >= 0) return;
  a->number = 0;
  a->generation++;
}

static void attach_out_close(struct attachment *a, int which) {
  struct launch *l = &launches[a->launch];
  if (a->out[which] >= 0) unwatch(a->out[which]);
  close_fd(&a->out[which]);
  pending_free(&a->pending[which]);
  resume_stream(l, which);
}

static void attach_in_close(struct attachment *a) {
  if (a->in >= 0 && a->in_watched) unwatch(a->in);
  a->in_watched = false;
  close_fd(&a->in);
}

static void copy_to_clients(struct launch *l, int which, const uint8_t *bytes, uint32_t length) {
  for (int i = 0; i < attachment_capacity; i++) {
    struct attachment *a = &attachments[i];
    if (!serves(a, l) || a->out[which] < 0) continue;
    long n = pending_any(&a->pending[which]) ? 0 : push(a->out[which], bytes, length);
    if (n == (long)length) continue;
    if (n < 0 || !pending_add(&a->pending[which], bytes + n, length - (uint32_t)n)) {
      attach_out_close(a, which);
      free_if_over(a);
      continue;
    }
    watch(EPOLL_CTL_MOD, a->out[which], EPOLLOUT, which ? ON_ATTACH_OUT1 : ON_ATTACH_OUT0, a->generation, i);
    pause_stream(l, which);
  }
}

/* Clients see the stream's end; a session lives on while it has other streams. */
static void end_attached(struct launch *l, int which) {
  for (int i = 0; i < attachment_capacity; i++) {
    struct attachment *a = &attachments[i];
    if (!serves(a, l) || a->out[which] < 0 || pending_any(&a->pending[which])) continue;
    attach_out_close(a, which);
    free_if_over(a);
  }
}

/* Copies one chunk. Bytes read, 0 at the stream's end (which closes it), -EAGAIN when there are none. */
static long copy_chunk(struct launch *l, int which, uint32_t limit) {
  struct stream *s = &l->out[which];
  uint8_t *buffer = chunk_buffer();
  if (!buffer) return -EAGAIN;
  uint32_t carried = s->carry;
  long n;
  do n = sys(SYS_read, s->fd, buffer + carried, limit < CHUNK ? limit : CHUNK);
  while (n == -EINTR);
  if (n == -EAGAIN) return n;
  if (carried) memcpy(buffer, s->carry_page, carried);
  if (n <= 0) { /* EIO: the last holder of a terminal has closed it */
    log_chunk(l, which, buffer, carried, carried, true);
    stream_close(l, which);
    end_attached(l, which);
    return 0;
  }
  copy_to_clients(l, which, buffer + carried, (uint32_t)n);
  log_chunk(l, which, buffer, carried, carried + (uint32_t)n, false);
  return n;
}

void stream_ready(struct launch *l, int which) {
  if (l->out[which].fd < 0 || l->out[which].paused) return;
  if (copy_chunk(l, which, CHUNK) == 0) release_launch(l);
}

/* Copies what is in the pipes now, and no more: descendants that still write don't hold up the exit's news. */
void streams_drain(struct launch *l) {
  for (int w = 0; w < 2; w++) {
    if (l->out[w].fd < 0) continue;
    int there = 0;
    if (l->flags & LAUNCH_TERMINAL) there = 2 * CHUNK; /* a terminal counts only what its line discipline has seen */
    else sys(SYS_ioctl, l->out[w].fd, FIONREAD, &there);
    while (l->out[w].fd >= 0) {
      long n = copy_chunk(l, w, there > 0 ? (uint32_t)there : 1);
      if (n <= 0) break;
      there -= (int)n;
      if (there < 0) break; /* there was a byte more than then: somebody else writes */
    }
  }
}

/* --- input --- */

static void watch_clients(struct launch *l, bool on) {
  for (int i = 0; i < attachment_capacity; i++) {
    struct attachment *a = &attachments[i];
    if (!serves(a, l) || a->in < 0 || a->in_watched == on) continue;
    if (on) watch(EPOLL_CTL_ADD, a->in, EPOLLIN, ON_ATTACH_IN, a->generation, i);
    else unwatch(a->in);
    a->in_watched = on;
  }
}

void stdin_open(struct launch *l, int fd) {
  sys(SYS_fcntl, fd, F_SETFL, sys(SYS_fcntl, fd, F_GETFL) | O_NONBLOCK);
  l->in = fd;
  watch(EPOLL_CTL_ADD, fd, 0, ON_IN, l->generation, index_of(l)); /* errors are always told */
  watch_clients(l, true);
}

void stdin_close(struct launch *l) {
  if (l->in >= 0) unwatch(l->in);
  close_fd(&l->in);
  pending_free(&l->in_pending);
  for (int i = 0; i < attachment_capacity; i++) {
    struct attachment *a = &attachments[i];
    if (!serves(a, l) || a->in < 0) continue;
    attach_in_close(a);
    free_if_over(a);
  }
}

void stdin_end(struct launch *l) {
  l->stdin_ended = true;
  if (l->in >= 0 && !pending_any(&l->in_pending)) stdin_close(l);
}

void stdin_ready(struct launch *l, uint32_t events) {
  if (l->in < 0) return;
  if (pending_any(&l->in_pending) && (events & EPOLLOUT)) {
    if (pending_push(&l->in_pending, l->in) < 0) {
      stdin_close(l);
      return;
    }
    if (pending_any(&l->in_pending)) return;
    if (l->stdin_ended) {
      stdin_close(l);
      return;
    }
    watch(EPOLL_CTL_MOD, l->in, 0, ON_IN, l->generation, index_of(l));
    watch_clients(l, true);
  } else if (events & (EPOLLERR | EPOLLHUP)) {
    stdin_close(l); /* the container has closed its input */
  }
}

void attach_in_ready(struct attachment *a) {
  struct launch *l = &launches[a->launch];
  uint8_t *buffer = chunk_buffer();
  long n;
  if (a->in < 0 || !buffer) return;
  do n = sys(SYS_read, a->in, buffer, CHUNK);
  while (n == -EINTR);
  if (n == -EAGAIN) return;
  if (n <= 0) {
    attach_in_close(a);
    free_if_over(a);
    if ((l->flags & LAUNCH_STDIN_ONCE) && !(l->flags & LAUNCH_TERMINAL)) stdin_end(l);
    return;
  }
  if (l->in < 0 || l->stdin_ended) return;
  long done = push(l->in, buffer, (uint32_t)n);
  if (done == n) return;
  if (done < 0 || !pending_add(&l->in_pending, buffer + done, (uint32_t)(n - done))) {
    stdin_close(l);
    return;
  }
  watch(EPOLL_CTL_MOD, l->in, EPOLLOUT, ON_IN, l->generation, index_of(l));
  watch_clients(l, false);
}

/* --- attached clients --- */

static int new_attachment(void) {
  for (int i = 0; i < attachment_capacity; i++)
    if (!attachments[i].number) return i;
  int capacity = attachment_capacity ? attachment_capacity * 2 : 16;
  struct attachment *larger = map((size_t)capacity * sizeof *larger);
  if (!larger) return -ENOMEM;
  if (attachments) {
    memcpy(larger, attachments, (size_t)attachment_capacity * sizeof *larger);
    unmap(attachments, (size_t)attachment_capacity * sizeof *larger);
  }
  int i = attachment_capacity;
  attachments = larger;
  attachment_capacity = capacity;
  return i;
}

/* Takes the descriptors over, also when it fails. */
int attach(struct launch *l, int in, int out, int err, uint32_t *number) {
  static uint32_t last_number;
  int i = new_attachment();
  int fds[3] = {in, out, err};
  if (i < 0) {
    for (int k = 0; k < 3; k++) close_fd(&fds[k]);
    return i;
  }
  struct attachment *a = &attachments[i];
  uint32_t generation = a->generation;
  memset(a, 0, sizeof *a);
  a->generation = generation;
  a->number = ++last_number ? last_number : ++last_number;
  a->launch = index_of(l);
  a->in = in;
  a->out[0] = out;
  a->out[1] = err;
  *number = a->number;
  for (int k = 0; k < 3; k++)
    if (fds[k] >= 0) sys(SYS_fcntl, fds[k], F_SETFL, sys(SYS_fcntl, fds[k], F_GETFL) | O_NONBLOCK);
  for (int w = 0; w < 2; w++) {
    if (a->out[w] < 0) continue;
    bool coming = l->out[w].fd >= 0 || (w == 0 && (l->flags & LAUNCH_TERMINAL) && l->state < STATE_RUNNING);
    /* With no events: a reader's end is told as an error. */
    if (!coming || watch(EPOLL_CTL_ADD, a->out[w], 0, w ? ON_ATTACH_OUT1 : ON_ATTACH_OUT0, generation, i) < 0)
      close_fd(&a->out[w]);
  }
  bool terminal_coming = (l->flags & LAUNCH_TERMINAL) && l->state < STATE_RUNNING;
  if (l->in >= 0 && !l->stdin_ended) {
    if (!pending_any(&l->in_pending)) watch_clients(l, true);
  } else if (!terminal_coming) {
    close_fd(&a->in);
  }
  free_if_over(a);
  return 0;
}

void detach(struct attachment *a) {
  attach_in_close(a);
  attach_out_close(a, 0);
  attach_out_close(a, 1);
  free_if_over(a);
}

void detach_all(struct launch *l, bool after_pending) {
  for (int i = 0; i < attachment_capacity; i++) {
    struct attachment *a = &attachments[i];
    if (!serves(a, l)) continue;
    attach_in_close(a);
    for (int w = 0; w < 2; w++)
      if (!after_pending || !pending_any(&a->pending[w])) attach_out_close(a, w);
    a->last = true;
    free_if_over(a);
  }
}

void attach_out_ready(struct attachment *a, int which, uint32_t events) {
  struct launch *l = &launches[a->launch];
  if (a->out[which] < 0) return;
  struct pending *p = &a->pending[which];
  bool gone = events & (EPOLLERR | EPOLLHUP);
  if (!gone && pending_any(p)) {
    gone = pending_push(p, a->out[which]) < 0;
    if (!gone && pending_any(p)) return;
    if (!gone && (a->last || l->out[which].fd < 0)) gone = true; /* all it will ever get */
    if (!gone)
      watch(EPOLL_CTL_MOD, a->out[which], 0, which ? ON_ATTACH_OUT1 : ON_ATTACH_OUT0, a->generation,
            (int)(a - attachments));
  }
  if (gone) attach_out_close(a, which);
  else resume_stream(l, which);
  if (gone) {
    free_if_over(a);
    release_launch(l);
  }
}
