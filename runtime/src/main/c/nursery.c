/*
 * The nursery: forks keepers from itself. A fork of this little process takes some ten microseconds, and what
 * keepers don't write to, they share with it.
 */
#include "crema.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#define SOCKET 3

static void refuse(int connection, long error) {
  struct head hello = {.type = EVENT_HELLO, .a = (int)-error};
  transmit(connection, &hello, sizeof hello, NULL, 0);
}

/* Started with its socket as standard input. Ends when the daemon's end of it closes; keepers stay. */
_Noreturn void nursery_run(void) {
  static struct message m;
  static int fds[MAX_FDS + 3];
  int count;
  uint64_t all = ~(uint64_t)0;
  sys(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
  if (sys(SYS_dup3, 0, SOCKET, O_CLOEXEC) < 0) leave(1);
  sys(SYS_close_range, SOCKET + 1, ~0U, 0);
  if (sys(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR) != SOCKET + 1) leave(1);
  for (int fd = 0; fd < SOCKET; fd++) sys(SYS_dup3, SOCKET + 1, fd, 0);
  sys(SYS_close, SOCKET + 1);
  sys(SYS_chdir, "/");
  /* A container's process that still is this program must not be read or traced from inside (CVE-2016-9962). */
  sys(SYS_prctl, PR_SET_DUMPABLE, 0);
  struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } action = {NULL, 0, NULL, 0};
  /* Ignored signals survive exec, down to the containers; posix_spawn leaves libc's own two ignored. */
  for (int signal = 1; signal <= 64; signal++) sys(SYS_rt_sigaction, signal, &action, NULL, 8);
  action.handler = (void *)1; /* SIG_IGN: keepers that end are no zombies */
  sys(SYS_rt_sigaction, SIGCHLD, &action, NULL, 8);
  title_set("crema-keeper", "--nursery", 9);
  for (;;) {
    long n = receive(SOCKET, &m, fds, &count, 0);
    if (n == 0) leave(0);
    if (n < 0 && n != -EMSGSIZE) leave(1);
    if (n > 0 && m.head.type == SPAWN && count == 2) {
      long pid = sys(SYS_clone, SIGCHLD);
      if (pid == 0) {
        sys(SYS_close, SOCKET);
        sys(SYS_setsid);
        action.handler = NULL;
        sys(SYS_rt_sigaction, SIGCHLD, &action, NULL, 8);
        title_set("crema-keeper", (char *)m.payload, (size_t)n - sizeof m.head);
        keeper_run(fds[0], fds[1]);
      }
      if (pid < 0) refuse(fds[1], pid);
    }
    for (int i = 0; i < count; i++) sys(SYS_close, fds[i]);
  }
}

int main(int argc, char **argv) {
  if (argc < 2 || strcmp(argv[1], "--nursery") != 0) {
    static const char usage[] = "crema-keeper is started by Crema's daemon: crema-keeper --nursery\n";
    sys(SYS_write, 2, usage, sizeof usage - 1);
    leave(2);
  }
  title_init(argv);
  nursery_run();
}
