/* A launched process from clone to execve: runs the steps of its plan. */
#include "crema.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

struct plan {
  uint8_t *base, *data;
  size_t size, data_size;
  struct plan_step *steps;
  struct plan_fixup *fixups;
  uint32_t step_count, fixup_count;
};

static int report_socket;

static void say(uint32_t kind, int32_t step, long error) {
  /* write(2), which every seccomp filter lets through. */
  struct report r = {kind, step, (int32_t)error};
  sys(SYS_write, report_socket, &r, sizeof r);
}

static _Noreturn void fail(int32_t step, long error) {
  say(REPORT_FAILED, step, error);
  leave(127);
}

/* Closes every descriptor but 0-2 and those the plan needs: other containers' pipes, connections, namespaces. */
static void keep_only_mine(struct child *c) {
  int keep[MAX_FDS + 2];
  int count = 0;
  keep[count++] = c->report;
  keep[count++] = c->plan;
  for (int i = 0; i < c->slots; i++)
    if (c->slot[i] >= 0) keep[count++] = c->slot[i];
  for (int i = 1; i < count; i++) /* insertion sort: nearly sorted already */
    for (int j = i; j > 0 && keep[j - 1] > keep[j]; j--) {
      int t = keep[j];
      keep[j] = keep[j - 1];
      keep[j - 1] = t;
    }
  int from = 3;
  for (int i = 0; i < count; i++) {
    if (keep[i] > from) sys(SYS_close_range, from, keep[i] - 1, 0);
    if (keep[i] >= from) from = keep[i] + 1;
  }
  sys(SYS_close_range, from, ~0U, 0);
}

static void map_plan(struct child *c, struct plan *p) {
  struct stat st;
  long r = sys(SYS_fstat, c->plan, &st);
  if (r < 0) fail(STEP_NONE, -r);
  p->size = (size_t)st.st_size;
  if (p->size < sizeof(struct plan_head)) fail(STEP_NONE, EBADMSG);
  r = sys(SYS_mmap, NULL, p->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, c->plan, 0);
  if (r < 0 && r > -4096) fail(STEP_NONE, -r);
  close_fd(&c->plan);
  p->base = (uint8_t *)(uintptr_t)r;
  struct plan_head *h = (void *)p->base;
  if (h->magic != PLAN_MAGIC || h->version != PLAN_VERSION || h->size != p->size
      || h->slots != (uint32_t)c->slots || h->data_at > p->size || h->steps_at % 8 || h->fixups_at % 8
      || h->steps_at > p->size || h->steps > (p->size - h->steps_at) / sizeof(struct plan_step)
      || h->fixups_at > p->size || h->fixups > (p->size - h->fixups_at) / sizeof(struct plan_fixup))
    fail(STEP_NONE, EBADMSG);
  p->steps = (void *)(p->base + h->steps_at);
  p->step_count = h->steps;
  p->fixups = (void *)(p->base + h->fixups_at);
  p->fixup_count = h->fixups;
  p->data = p->base + h->data_at;
  p->data_size = p->size - h->data_at;
}

/* What an argument or a fixup of step i stands for. */
static int64_t value_of(const struct child *c, const struct plan *p, uint32_t i, unsigned kind, int64_t v) {
  switch (kind) {
    case KIND_VALUE:
      return v;
    case KIND_SLOT:
      if (v >= 0 && v < c->slots) return c->slot[v];
      break;
    case KIND_RESULT:
      if (v >= 0 && v < (int64_t)i) return p->steps[v].result;
      break;
    case KIND_POINTER:
      if (v >= 0 && (uint64_t)v < p->data_size) return (int64_t)(uintptr_t)(p->data + v);
      break;
  }
  fail((int32_t)i, EBADMSG);
}

static void apply_fixups(const struct child *c, const struct plan *p, uint32_t i) {
  const struct plan_step *s = &p->steps[i];
  if (s->first_fixup > p->fixup_count || s->fixups > p->fixup_count - s->first_fixup) fail((int32_t)i, EBADMSG);
  for (uint32_t f = s->first_fixup; f < s->first_fixup + s->fixups; f++) {
    const struct plan_fixup *x = &p->fixups[f];
    int64_t v = value_of(c, p, i, x->kind, x->value);
    if (x->width > 8 || x->at > p->data_size || x->width > p->data_size - x->at) fail((int32_t)i, EBADMSG);
    memcpy(p->data + x->at, &v, x->width); /* little-endian, as both architectures are */
  }
}

static void wait_for_go(void) {
  uint8_t go;
  long n;
  do n = sys(SYS_read, report_socket, &go, 1);
  while (n == -EINTR);
  if (n != 1) leave(126); /* the keeper is gone: nobody would know of this process */
}

static long give(int fd, int32_t tag) {
  struct report r = {REPORT_GIVEN, tag, 0};
  return transmit(report_socket, &r, sizeof r, &fd, 1);
}

/*
 * Goes on in a new process, which has the keeper as its parent too: the only way to be born in a PID namespace that
 * belongs to a user namespace this process has entered. The clone waits until the keeper has been told its id.
 */
static long clone_self(unsigned long flags) {
  int gate[2];
  uint8_t go = 1;
  long n, r = sys(SYS_pipe2, gate, O_CLOEXEC);
  if (r < 0) return r;
  long pid = sys(SYS_clone, flags | CLONE_PARENT);
  if (pid > 0) {
    say(REPORT_CLONED, (int32_t)pid, 0);
    sys(SYS_write, gate[1], &go, 1);
    leave(0);
  }
  sys(SYS_close, gate[1]);
  if (pid == 0) {
    do n = sys(SYS_read, gate[0], &go, 1);
    while (n == -EINTR);
    if (n != 1) leave(126); /* the process before was killed: the launch has ended with it */
  }
  sys(SYS_close, gate[0]);
  return pid;
}

/* The init of a shared PID namespace: reaps by ignoring SIGCHLD, and sleeps until it is killed. */
static _Noreturn void stay(const struct plan *p) {
  struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } ignore = {(void *)1, 0, NULL, 0};
  sys(SYS_rt_sigaction, SIGCHLD, &ignore, NULL, 8);
  title_set("crema-init", NULL, 0);
  say(REPORT_INIT, 0, 0);
  sys(SYS_close_range, 3, ~0U, 0);
  sys(SYS_munmap, p->base, p->size);
  for (;;) sys(SYS_ppoll, NULL, 0, NULL, NULL, 8);
}

static bool tolerates(const struct plan_step *s, long error) {
  for (unsigned i = 0; i < s->tolerated_count && i < 4; i++)
    if (s->tolerated[i] == error) return true;
  return false;
}

_Noreturn void child_run(struct child *c) {
  struct plan p;
  uint64_t none = 0;
  bool last_word = false;
  report_socket = c->report;
  sys(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
  sys(SYS_umask, 022);
  keep_only_mine(c);
  int null = -1;
  for (int i = 0; i < c->slots; i++) {
    if (c->slot[i] != SLOT_NULL) continue;
    if (null < 0) null = (int)sys(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) fail(STEP_NONE, -null);
    c->slot[i] = null;
  }
  map_plan(c, &p);
  for (uint32_t i = 0; i < p.step_count; i++) {
    struct plan_step *s = &p.steps[i];
    int64_t a[6];
    long r = 0;
    apply_fixups(c, &p, i);
    for (int k = 0; k < 6; k++) a[k] = value_of(c, &p, i, s->kind[k], s->arg[k]);
    switch (s->op) {
      case OP_CALL:
        if (!last_word && (s->number == SYS_execve || s->number == SYS_execveat || s->number == SYS_seccomp)) {
          last_word = true;
          say(REPORT_LAST_WORD, (int32_t)i, 0);
        }
        r = sys6(s->number, a[0], a[1], a[2], a[3], a[4], a[5]);
        break;
      case OP_WAIT:
        wait_for_go();
        break;
      case OP_GIVE:
        r = give((int)a[0], s->number);
        break;
      case OP_INIT:
        stay(&p);
      case OP_FAIL:
        r = -s->number;
        break;
      case OP_CLONE:
        r = clone_self((uint32_t)s->number);
        break;
      default:
        r = -EBADMSG;
    }
    s->result = r;
    if (r < 0 && r > -4096 && !tolerates(s, -r)) fail((int32_t)i, -r);
  }
  fail((int32_t)p.step_count, ENOEXEC); /* a plan must end in execve or Init */
}
