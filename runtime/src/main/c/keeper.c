/*
 * The keeper of a pod: parent of its processes, owner of their stdio. One thread, one epoll loop.
 *
 * It knows nothing of containers: the daemon sends plans (requests.c), a child runs them (child.c), output is copied
 * and logged (streams.c, log.c), exits are written to the pod's journal and then told (here). The daemon may vanish
 * and come back at any time: nothing here waits for it.
 */
#include "keeper.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#define SOCKET_NAME "keeper.sock"
#define IDLE_MS 2000

struct launch *launches;
int launch_capacity;
struct attachment *attachments;
int attachment_capacity;
struct connection connections[CONNECTIONS];
struct held held[HELD];
int pod_directory = -1;

static int loop = -1, listener = -1, signals = -1;

void *map(size_t size) {
  long r = sys(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return r < 0 && r > -4096 ? NULL : (void *)(uintptr_t)r;
}

void unmap(void *p, size_t size) { sys(SYS_munmap, p, size); }

int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t); /* without a system call (vdso) */
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

long watch(int operation, int fd, uint32_t events, enum kind kind, uint32_t generation, int index) {
  struct epoll_event e = {.events = events};
  e.data.u64 = (uint64_t)kind << 56 | (uint64_t)(generation & 0xffffff) << 32 | (uint32_t)index;
  return sys(SYS_epoll_ctl, loop, operation, fd, &e);
}

void unwatch(int fd) {
  struct epoll_event none = {0};
  sys(SYS_epoll_ctl, loop, EPOLL_CTL_DEL, fd, &none);
}

/* --- connections --- */

static void drop_connection(struct connection *c) {
  close_fd(&c->fd); /* nobody else has it open: epoll forgets it */
  c->generation++;
}

/* False when it didn't fit: then the other side doesn't read, and an answer is lost: the connection ends. */
bool send_to(struct connection *c, const void *bytes, size_t length, const int *fds, int fd_count) {
  if (c->fd < 0) return false;
  long n = transmit(c->fd, bytes, length, fds, fd_count);
  if (n >= 0) return true;
  drop_connection(c);
  return false;
}

void reply_to(const struct waiter *w, struct launch *l, int error, int b, int64_t c, const int *fds, int fd_count) {
  if (w->connection < 0) return;
  struct connection *to = &connections[w->connection];
  if (to->generation != w->generation) return;
  struct head h = {REPLY | w->type, w->sequence, l->id, error, b, c};
  send_to(to, &h, sizeof h, fds, fd_count);
}

static void say_hello(struct connection *c, int error) {
  struct head h = {.type = EVENT_HELLO, .a = error, .b = (int)sys(SYS_getpid)};
  send_to(c, &h, sizeof h, NULL, 0);
}

static struct connection *add_connection(int fd) {
  for (int i = 0; i < CONNECTIONS; i++) {
    struct connection *c = &connections[i];
    if (c->fd >= 0) continue;
    c->fd = fd;
    c->lagging = false;
    if (watch(EPOLL_CTL_ADD, fd, EPOLLIN, ON_CONNECTION, c->generation, i) < 0) break;
    return c;
  }
  sys(SYS_close, fd);
  return NULL;
}

static void accept_connection(void) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  int fd = (int)sys(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  if (sys(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0
      || (peer.uid != 0 && peer.uid != (uid_t)sys(SYS_geteuid))) {
    sys(SYS_close, fd);
    return;
  }
  struct connection *c = add_connection(fd);
  if (c) say_hello(c, 0);
}

/* Tells all of an exit; false when somebody has to ask LIST for it. */
static bool announce(const struct launch *l) {
  struct head h = {.type = EVENT_EXIT, .launch = l->id, .a = l->status, .b = l->pid, .c = l->exited};
  bool all = true;
  for (int i = 0; i < CONNECTIONS; i++) {
    struct connection *c = &connections[i];
    if (c->fd < 0) continue;
    long n = c->lagging ? -EAGAIN : transmit(c->fd, &h, sizeof h, NULL, 0);
    if (n >= 0) continue;
    if (n != -EAGAIN) {
      drop_connection(c);
      continue;
    }
    all = false;
    if (!c->lagging) watch(EPOLL_CTL_MOD, c->fd, EPOLLIN | EPOLLOUT, ON_CONNECTION, c->generation, i);
    c->lagging = true;
  }
  return all;
}

static void connection_ready(struct connection *c, int index, uint32_t events) {
  static struct message m;
  static int fds[MAX_FDS];
  int count;
  if ((events & EPOLLOUT) && c->lagging) {
    struct head missed = {.type = EVENT_MISSED};
    if (!send_to(c, &missed, sizeof missed, NULL, 0)) return;
    c->lagging = false;
    watch(EPOLL_CTL_MOD, c->fd, EPOLLIN, ON_CONNECTION, c->generation, index);
  }
  if (!(events & ~(uint32_t)EPOLLOUT)) return;
  long n = receive(c->fd, &m, fds, &count, MSG_DONTWAIT);
  if (n == -EAGAIN) return;
  if (n <= 0) return drop_connection(c); /* its end, or not our protocol */
  handle_request(c, &m, (size_t)n - sizeof m.head, fds, count);
  for (int i = 0; i < count; i++)
    if (fds[i] >= 0) sys(SYS_close, fds[i]);
}

/* --- launches --- */

int new_launch(void) {
  int i = 0;
  while (i < launch_capacity && launches[i].state != STATE_FREE) i++;
  if (i == launch_capacity) {
    int capacity = launch_capacity ? launch_capacity * 2 : 12;
    struct launch *larger = map((size_t)capacity * sizeof *larger);
    if (!larger) return -ENOMEM;
    if (launches) {
      memcpy(larger, launches, (size_t)launch_capacity * sizeof *larger);
      unmap(launches, (size_t)launch_capacity * sizeof *larger);
    }
    launches = larger;
    launch_capacity = capacity;
  }
  struct launch *l = &launches[i];
  uint32_t generation = l->generation + 1;
  memset(l, 0, sizeof *l);
  l->generation = generation;
  l->report = l->log = l->in = l->terminal = l->out[0].fd = l->out[1].fd = -1;
  l->waiter.connection = -1;
  l->failed_step = STEP_NONE;
  return i;
}

struct launch *find_launch(uint64_t id) {
  for (int i = 0; i < launch_capacity; i++)
    if (launches[i].state != STATE_FREE && launches[i].id == id && !launches[i].forgotten) return &launches[i];
  return NULL;
}

/* A forgotten launch whose descendants still write lives on, unseen, until they close its output. */
void release_launch(struct launch *l) {
  if (l->state == STATE_FREE || l->alive || l->out[0].fd >= 0 || l->out[1].fd >= 0) return;
  for (int i = 0; i < attachment_capacity; i++)
    if (attachments[i].number && &launches[attachments[i].launch] == l) return;
  stdin_close(l);
  close_fd(&l->log);
  if (!l->forgotten) return;
  l->state = STATE_FREE;
  l->generation++;
}

/* A failed launch has said its last word and is about to exit by itself: nobody need wait for it. */
bool anything_alive(void) {
  for (int i = 0; i < launch_capacity; i++)
    if (launches[i].state != STATE_FREE && launches[i].state != STATE_FAILED && launches[i].alive) return true;
  return false;
}

static void answer_waiter(struct launch *l, int error, int b, int64_t c) {
  int *fd = &l->terminal;
  reply_to(&l->waiter, l, error, b, c, fd, error == 0 && *fd >= 0 ? 1 : 0);
  l->waiter.connection = -1;
  close_fd(fd);
}

static void running(struct launch *l) {
  l->state = STATE_RUNNING;
  l->started = now();
  journal_started(l);
  answer_waiter(l, 0, l->pid, l->started);
}

void end_failed(struct launch *l) {
  stream_close(l, 0);
  stream_close(l, 1);
  detach_all(l, false);
  stdin_close(l);
  close_fd(&l->log);
  close_fd(&l->report);
  close_fd(&l->terminal);
}

/* A launch that waits keeps its failure for GO. */
static void failed(struct launch *l, int step, int error, int64_t c) {
  bool told = l->state == STATE_STARTING;
  l->state = STATE_FAILED;
  l->failed_step = step;
  l->failure = error;
  if (told) {
    answer_waiter(l, error, step, c);
    l->forgotten = true;
  }
  end_failed(l);
}

static void given(struct launch *l, int tag, int fd) {
  if (tag != GIVE_TERMINAL || !(l->flags & LAUNCH_TERMINAL) || l->out[0].fd >= 0 || l->terminal >= 0) {
    sys(SYS_close, fd);
  } else if (l->flags & LAUNCH_TERMINAL_TO_CALLER) {
    l->terminal = fd;
  } else {
    int in = (int)sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3);
    stream_open(l, 0, fd);
    if (in >= 0) stdin_open(l, in);
  }
}

/* The launch goes on in another child of ours, which may have been killed, and reaped as nobody's, by now. */
static void cloned(struct launch *l, int pid) {
  siginfo_t info;
  l->pid = pid;
  if (sys(SYS_waitid, P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT, NULL) != -ECHILD) return;
  l->alive = false;
  if (l->state != STATE_FAILED) failed(l, STEP_ENDED, ECHILD, SIGKILL);
}

/* Reads what a child says of its launch; its end is execve's success, if its last word was said. */
void report_ready(struct launch *l) {
  struct { struct report r; } m;
  _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int))];
  while (l->report >= 0) {
    struct iovec iov = {&m, sizeof m};
    struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    long n = sys(SYS_recvmsg, l->report, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n == -EAGAIN || n == -EINTR) return;
    if (n <= 0) {
      close_fd(&l->report);
      if (l->last_word && (l->state == STATE_WAITING || l->state == STATE_STARTING)) running(l);
      return;
    }
    int fd = -1;
    struct cmsghdr *c = CMSG_FIRSTHDR(&h);
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(c), sizeof fd);
    if (n != sizeof m.r) m.r.kind = 0;
    if (m.r.kind == REPORT_GIVEN && fd >= 0) given(l, m.r.step, fd);
    else if (fd >= 0) sys(SYS_close, fd);
    if (m.r.kind == REPORT_LAST_WORD) l->last_word = true;
    if (m.r.kind == REPORT_FAILED) failed(l, m.r.step, m.r.error, 0);
    if (m.r.kind == REPORT_CLONED) cloned(l, m.r.step);
    if (m.r.kind == REPORT_INIT) {
      close_fd(&l->report);
      running(l);
    }
  }
}

static void reaped(struct launch *l, int pid, int status) {
  if (l->report >= 0) report_ready(l);
  if (l->pid != pid) return release_launch(l); /* it goes on in a clone */
  l->exited = now();
  l->status = status;
  close_fd(&l->report);
  l->alive = false;
  if (l->state == STATE_RUNNING) {
    streams_drain(l);
    journal_exited(l);
    l->state = STATE_EXITED;
    detach_all(l, true);
    stdin_close(l);
    if (announce(l) && (l->flags & LAUNCH_EPHEMERAL)) l->forgotten = true;
  } else if (l->state != STATE_FAILED) {
    failed(l, STEP_ENDED, ECHILD, status);
  }
  release_launch(l);
}

/* Also reaps orphans of containers that share the host's PID namespace: the keeper is their subreaper. */
static void reap(void) {
  struct signalfd_siginfo info;
  sys(SYS_read, signals, &info, sizeof info);
  for (;;) {
    int status;
    long pid = sys(SYS_wait4, -1, &status, WNOHANG, NULL);
    if (pid <= 0) return;
    for (int i = 0; i < launch_capacity; i++) {
      struct launch *l = &launches[i];
      if (l->state == STATE_FREE || !l->alive || l->pid != pid) continue;
      reaped(l, (int)pid, status);
      break;
    }
  }
}

/* --- the loop --- */

static void dispatch(const struct epoll_event *e) {
  enum kind kind = (enum kind)(e->data.u64 >> 56);
  uint32_t generation = (uint32_t)(e->data.u64 >> 32) & 0xffffff;
  int i = (int)(uint32_t)e->data.u64;
  struct launch *l = i < launch_capacity ? &launches[i] : NULL;
  struct attachment *a = i < attachment_capacity ? &attachments[i] : NULL;
  if (l && (l->state == STATE_FREE || (l->generation & 0xffffff) != generation)) l = NULL;
  if (a && (!a->number || (a->generation & 0xffffff) != generation)) a = NULL;
  switch (kind) {
    case ON_LISTEN:
      return accept_connection();
    case ON_SIGNAL:
      return reap();
    case ON_CONNECTION:
      if (connections[i].fd >= 0 && (connections[i].generation & 0xffffff) == generation)
        connection_ready(&connections[i], i, e->events);
      return;
    case ON_REPORT:
      if (!l) return;
      report_ready(l);
      return release_launch(l);
    case ON_OUT0:
    case ON_OUT1:
      if (l) stream_ready(l, kind == ON_OUT1);
      return;
    case ON_IN:
      if (l) stdin_ready(l, e->events);
      return;
    case ON_ATTACH_IN:
      if (a) attach_in_ready(a);
      return;
    case ON_ATTACH_OUT0:
    case ON_ATTACH_OUT1:
      if (a) attach_out_ready(a, kind == ON_ATTACH_OUT1, e->events);
      return;
  }
}

void unlink_socket(void) { sys(SYS_unlinkat, pod_directory, SOCKET_NAME, 0); }

/* 0 or errno. */
static int set_up(int directory) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET_NAME};
  uint64_t all = ~(uint64_t)0, child = (uint64_t)1 << (SIGCHLD - 1);
  long r;
  /* One keeper a pod: the lock is on the directory, and ends with this process. */
  pod_directory = (int)sys(SYS_openat, directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (pod_directory < 0) return -pod_directory;
  if ((r = sys(SYS_flock, pod_directory, LOCK_EX | LOCK_NB)) < 0) return r == -EAGAIN ? EBUSY : (int)-r;
  sys(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
  sys(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1);
  if ((r = signals = (int)sys(SYS_signalfd4, -1, &child, 8, SFD_CLOEXEC | SFD_NONBLOCK)) < 0) return (int)-r;
  listener = (int)(r = sys(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (r < 0) return (int)-r;
  /* A relative path: sun_path has room for 107 bytes only. */
  unlink_socket();
  sys(SYS_umask, 0177);
  if ((r = sys(SYS_fchdir, pod_directory)) < 0) return (int)-r;
  r = sys(SYS_bind, listener, &address, sizeof address);
  sys(SYS_chdir, "/");
  sys(SYS_umask, 077);
  if (r < 0 || (r = sys(SYS_listen, listener, CONNECTIONS)) < 0) return (int)-r;
  journal_open(pod_directory);
  if ((r = watch(EPOLL_CTL_ADD, listener, EPOLLIN, ON_LISTEN, 0, 0)) < 0) return (int)-r;
  if ((r = watch(EPOLL_CTL_ADD, signals, EPOLLIN, ON_SIGNAL, 0, 0)) < 0) return (int)-r;
  return 0;
}

_Noreturn void keeper_run(int directory, int connection) {
  for (int i = 0; i < CONNECTIONS; i++) connections[i].fd = -1;
  for (int i = 0; i < HELD; i++) held[i].fd = -1;
  loop = (int)sys(SYS_epoll_create1, EPOLL_CLOEXEC);
  if (loop < 0) leave(1);
  struct connection *first = add_connection(connection);
  int error = set_up(directory);
  sys(SYS_close, directory);
  if (first) say_hello(first, error);
  if (error) leave(1);
  for (;;) {
    struct epoll_event events[16];
    long n = sys(SYS_epoll_pwait, loop, events, 16, buffers_dirty() ? IDLE_MS : -1, NULL, 8);
    if (n == 0) release_buffers();
    for (long i = 0; i < n; i++) dispatch(&events[i]);
  }
}
