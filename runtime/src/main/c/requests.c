/* What the daemon asks for. Every request gets one reply; a descriptor that a handler takes becomes -1 in fds. */
#include "keeper.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#define NEW_NAMESPACES \
  ((uint64_t)CLONE_NEWTIME | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER \
   | CLONE_NEWPID | CLONE_NEWNET)

struct request {
  struct connection *from;
  struct message *m;
  size_t payload;
  int *fds;
  int fd_count;
};

static struct waiter waiter_of(const struct request *r) {
  return (struct waiter){(int)(r->from - connections), r->from->generation, r->m->head.sequence, r->m->head.type};
}

static void answer(const struct request *r, int error, int b, int64_t c) {
  struct head h = {REPLY | r->m->head.type, r->m->head.sequence, r->m->head.launch, error, b, c};
  send_to(r->from, &h, sizeof h, NULL, 0);
}

static int take(const struct request *r, int index) {
  if (index < 0 || index >= r->fd_count) return -1;
  int fd = r->fds[index];
  r->fds[index] = -1;
  return fd;
}

/* --- LAUNCH --- */

static int own_pid_namespace = -1;
static bool lost_in_pid_namespace; /* setns back failed: children would be born in the wrong namespace */

/* clone3; as fork otherwise. With a PID namespace the child is born in it, so no second fork is needed. */
static long clone_child(uint64_t flags, int cgroup, int pidns) {
  /* struct clone_args of linux/sched.h, size 88 (CLONE_ARGS_SIZE_VER2) */
  struct {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
  } args = {.flags = flags, .exit_signal = SIGCHLD};
  if (lost_in_pid_namespace) return -EUCLEAN;
  if (cgroup >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = (uint64_t)cgroup;
  }
  if (pidns >= 0) {
    if (own_pid_namespace < 0)
      own_pid_namespace = (int)sys(SYS_openat, AT_FDCWD, "/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
    if (own_pid_namespace < 0) return own_pid_namespace;
    long r = sys(SYS_setns, pidns, CLONE_NEWPID);
    if (r < 0) return r;
  }
  long pid = sys(SYS_clone3, &args, sizeof args);
  if (pid == -ENOSYS && cgroup < 0 && !(flags & CLONE_NEWTIME)) pid = sys(SYS_clone, flags | SIGCHLD);
  if (pid != 0 && pidns >= 0 && sys(SYS_setns, own_pid_namespace, CLONE_NEWPID) < 0) lost_in_pid_namespace = true;
  return pid;
}

/* A pipe or socket pair for the child; both ends are closed at exec. */
struct ends {
  int mine, theirs;
};

static int make_pipe(struct ends *e, bool child_reads) {
  int p[2];
  long r = sys(SYS_pipe2, p, O_CLOEXEC);
  if (r < 0) return (int)-r;
  e->mine = p[child_reads ? 1 : 0];
  e->theirs = p[child_reads ? 0 : 1];
  return 0;
}

static void set_name(struct launch *l, const struct launch_request *q) {
  l->name_length = q->name_length <= NAME ? q->name_length : NAME;
  for (int i = 0; i < l->name_length; i++) {
    char c = q->name[i];
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'
                 || c == '.';
    l->name[i] = plain ? c : '_';
  }
}

static void launch(const struct request *r) {
  static struct child child;
  struct launch_request q;
  struct ends report = {-1, -1}, io[3] = {{-1, -1}, {-1, -1}, {-1, -1}};
  if (r->payload < sizeof q) return answer(r, EBADMSG, STEP_NONE, 0);
  memcpy(&q, r->m->payload, sizeof q);
  const uint8_t *source = r->m->payload + sizeof q;
  if (r->fd_count < 1 || q.slots > MAX_FDS || r->payload != sizeof q + q.slots || (q.clone_flags & ~NEW_NAMESPACES)
      || q.log >= r->fd_count || q.cgroup >= r->fd_count || q.pidns >= r->fd_count || q.name_length > NAME)
    return answer(r, EBADMSG, STEP_NONE, 0);
  if (r->m->head.launch == 0 || find_launch(r->m->head.launch)) return answer(r, EEXIST, STEP_NONE, 0);
  int index = new_launch();
  if (index < 0) return answer(r, -index, STEP_NONE, 0);
  struct launch *l = &launches[index];
  long error = 0;
  for (int i = 0; i < 3 && !error; i++)
    if (q.stdio[i] == STDIO_PIPE) error = make_pipe(&io[i], i == 0);
  int pair[2];
  if (!error) error = -sys(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
  if (!error) {
    report = (struct ends){pair[0], pair[1]};
    child.report = report.theirs;
    child.plan = r->fds[0];
    child.slots = q.slots;
  }
  for (int i = 0; i < q.slots && !error; i++) {
    if (source[i] >= SLOT_STDIN)
      child.slot[i] = q.stdio[source[i] - SLOT_STDIN] == STDIO_PIPE ? io[source[i] - SLOT_STDIN].theirs : SLOT_NULL;
    else if (source[i] < r->fd_count)
      child.slot[i] = r->fds[source[i]];
    else
      error = EBADMSG;
  }
  long pid = error ? -error
                   : clone_child(q.clone_flags, q.cgroup < 0 ? -1 : r->fds[q.cgroup], q.pidns < 0 ? -1 : r->fds[q.pidns]);
  if (pid == 0) child_run(&child);
  close_fd(&report.theirs);
  for (int i = 0; i < 3; i++) close_fd(&io[i].theirs);
  if (pid < 0) {
    close_fd(&report.mine);
    for (int i = 0; i < 3; i++) close_fd(&io[i].mine);
    l->state = STATE_FREE;
    return answer(r, (int)-pid, STEP_NONE, 0);
  }
  l->id = r->m->head.launch;
  l->pid = (int)pid;
  l->alive = true;
  l->flags = (uint8_t)q.flags;
  set_name(l, &q);
  l->log = take(r, q.log);
  l->report = report.mine;
  watch(EPOLL_CTL_ADD, l->report, EPOLLIN, ON_REPORT, l->generation, index);
  if (io[0].mine >= 0) stdin_open(l, io[0].mine);
  if (io[1].mine >= 0) stream_open(l, 0, io[1].mine);
  if (io[2].mine >= 0) stream_open(l, 1, io[2].mine);
  if (l->flags & LAUNCH_WAITING) {
    l->state = STATE_WAITING;
    answer(r, 0, l->pid, 0);
  } else {
    l->state = STATE_STARTING;
    l->waiter = waiter_of(r);
  }
}

static void go(const struct request *r, struct launch *l) {
  uint8_t go = 1;
  if (l->state == STATE_FAILED) {
    struct waiter w = waiter_of(r);
    reply_to(&w, l, l->failure, l->failed_step, l->failed_step == STEP_ENDED ? l->status : 0, NULL, 0);
    l->forgotten = true;
    release_launch(l);
    return;
  }
  if (l->state != STATE_WAITING) return answer(r, EALREADY, STEP_NONE, 0);
  l->state = STATE_STARTING;
  l->waiter = waiter_of(r);
  /* A child that is gone already is settled when it is reaped. */
  sys(SYS_sendto, l->report, &go, 1, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
}

/* --- the rest --- */

static int kill_launch(struct launch *l, int signal) {
  long r;
  int pid;
  if (!l->alive || l->state == STATE_FAILED) return ESRCH;
  do { /* again if it was about to go on in a clone, which is told of before that does anything */
    pid = l->pid;
    /* Its parent hasn't reaped it: the number can't be another's. */
    r = sys(SYS_kill, pid, signal);
    report_ready(l);
  } while (l->pid != pid && l->alive);
  return (int)-r;
}

static int reopen(const struct request *r, struct launch *l) {
  int fd = take(r, 0);
  if (fd < 0) return EBADMSG;
  close_fd(&l->log);
  l->log = fd;
  l->torn_log = false;
  return 0;
}

static void attach_request(const struct request *r, struct launch *l) {
  int which = r->m->head.a, at = 0;
  uint32_t number = 0;
  if (l->state >= STATE_EXITED) return answer(r, ESRCH, 0, 0);
  if (which <= 0 || which > (ATTACH_STDIN | ATTACH_STDOUT | ATTACH_STDERR)
      || __builtin_popcount((unsigned)which) != r->fd_count)
    return answer(r, EBADMSG, 0, 0);
  int in = which & ATTACH_STDIN ? take(r, at++) : -1;
  int out = which & ATTACH_STDOUT ? take(r, at++) : -1;
  int err = which & ATTACH_STDERR ? take(r, at) : -1;
  int error = attach(l, in, out, err, &number);
  answer(r, -error, 0, number);
}

static void detach_request(struct launch *l, int64_t number) {
  for (int i = 0; i < attachment_capacity; i++) {
    struct attachment *a = &attachments[i];
    if (a->number && a->number == (uint64_t)number && &launches[a->launch] == l) detach(a);
  }
}

static int resize(struct launch *l, int columns, int rows) {
  struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
  if (!(l->flags & LAUNCH_TERMINAL) || l->out[0].fd < 0) return ENOTTY;
  return (int)-sys(SYS_ioctl, l->out[0].fd, TIOCSWINSZ, &size);
}

static void list(const struct request *r) {
  enum { ENTRIES = 100 };
  struct { struct head head; struct list_entry entry[ENTRIES]; } *reply = (void *)chunk_buffer();
  if (!reply) return answer(r, ENOMEM, 0, 0);
  int n = 0, i = r->m->head.a < 0 ? 0 : r->m->head.a;
  for (; i < launch_capacity && n < ENTRIES; i++) {
    const struct launch *l = &launches[i];
    if (l->state == STATE_FREE || l->forgotten) continue;
    reply->entry[n] = (struct list_entry){
        .id = l->id, .pid = l->pid, .state = l->state, .status = l->status, .failed_step = l->failed_step,
        .failure = l->failure, .name_length = l->name_length, .started = l->started, .exited = l->exited,
        .dropped = l->dropped};
    memcpy(reply->entry[n++].name, l->name, NAME);
  }
  int next = i < launch_capacity ? i : -1;
  reply->head = (struct head){REPLY | LIST, r->m->head.sequence, 0, 0, next, 0};
  send_to(r->from, reply, sizeof(struct head) + (size_t)n * sizeof(struct list_entry), NULL, 0);
  if (next >= 0) return;
  for (i = 0; i < launch_capacity; i++) { /* kept only because their exit could not be sent */
    if (launches[i].state != STATE_EXITED || !(launches[i].flags & LAUNCH_EPHEMERAL)) continue;
    launches[i].forgotten = true;
    release_launch(&launches[i]);
  }
}

static int forget(struct launch *l) {
  if (l->alive && l->state != STATE_FAILED) return EBUSY;
  l->forgotten = true;
  release_launch(l);
  return 0;
}

static int hold(const struct request *r) {
  if (r->payload != (size_t)r->fd_count || r->fd_count > HELD) return EBADMSG;
  for (int i = 0; i < r->fd_count; i++) {
    uint8_t kind = r->m->payload[i];
    struct held *place = NULL;
    for (int k = 0; k < HELD; k++) {
      if (held[k].fd >= 0 && held[k].kind == kind) {
        place = &held[k];
        break;
      }
      if (held[k].fd < 0 && !place) place = &held[k];
    }
    if (!place) return ENOSPC;
    close_fd(&place->fd);
    *place = (struct held){take(r, i), kind};
  }
  return 0;
}

static void get_held(const struct request *r) {
  struct { struct head head; uint8_t kind[HELD]; } reply = {.head = {REPLY | GET_HELD, r->m->head.sequence, 0, 0, 0, 0}};
  int fds[HELD], n = 0;
  for (int k = 0; k < HELD; k++) {
    if (held[k].fd < 0) continue;
    reply.kind[n] = held[k].kind;
    fds[n++] = held[k].fd;
  }
  send_to(r->from, &reply, sizeof reply.head + (size_t)n, fds, n);
}

/* Nothing may be unread when a socket closes: its other end would get ECONNRESET instead of our last answer. */
static void read_no_more(struct connection *c) {
  static struct message m;
  static int fds[MAX_FDS];
  int count;
  sys(SYS_shutdown, c->fd, SHUT_RD);
  for (long n = 1; n > 0 || n == -EMSGSIZE;) {
    n = receive(c->fd, &m, fds, &count, MSG_DONTWAIT);
    for (int i = 0; i < count; i++) sys(SYS_close, fds[i]);
  }
}

static void shut_down(const struct request *r) {
  if (anything_alive()) return answer(r, EBUSY, 0, 0);
  unlink_socket();
  for (int i = 0; i < CONNECTIONS; i++)
    if (connections[i].fd >= 0) read_no_more(&connections[i]);
  answer(r, 0, 0, 0);
  leave(0);
}

void handle_request(struct connection *from, struct message *m, size_t payload, int *fds, int fd_count) {
  struct request request = {from, m, payload, fds, fd_count};
  const struct request *r = &request;
  switch (m->head.type) {
    case LAUNCH: return launch(r);
    case LIST: return list(r);
    case PING: return answer(r, 0, 0, 0);
    case HOLD: return answer(r, hold(r), 0, 0);
    case GET_HELD: return get_held(r);
    case SHUTDOWN: return shut_down(r);
  }
  struct launch *l = find_launch(m->head.launch);
  if (!l) return answer(r, m->head.type > SHUTDOWN ? EOPNOTSUPP : ESRCH, STEP_NONE, 0);
  switch (m->head.type) {
    case GO: return go(r, l);
    case KILL: return answer(r, kill_launch(l, m->head.a), 0, 0);
    case REOPEN: return answer(r, reopen(r, l), 0, 0);
    case ATTACH: return attach_request(r, l);
    case DETACH: detach_request(l, m->head.c); return answer(r, 0, 0, 0);
    case RESIZE: return answer(r, resize(l, m->head.a, m->head.b), 0, 0);
    case CLOSE_STDIN: stdin_end(l); return answer(r, 0, 0, 0);
    case FORGET: return answer(r, forget(l), 0, 0);
    default: return answer(r, EOPNOTSUPP, 0, 0);
  }
}
