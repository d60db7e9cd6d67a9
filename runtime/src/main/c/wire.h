/* What daemon and keeper say to each other; Wire.java and PlanCodec.java have the same numbers (WireTest). */
#ifndef CREMA_WIRE_H
#define CREMA_WIRE_H

#include <stdint.h>

struct head {
  uint32_t type;
  uint32_t sequence; /* 0 in events */
  uint64_t launch;
  int32_t a; /* in replies: 0 or errno */
  int32_t b;
  int64_t c;
};

#define LAUNCH 1      /* fds: plan, then by index; payload struct launch_request, sources; reply b pid, c started ns */
#define GO 2          /* reply as LAUNCH */
#define KILL 3        /* a signal */
#define REOPEN 4      /* fd: log */
#define ATTACH 5      /* a ATTACH_*, fds in that order; reply c attachment */
#define DETACH 6      /* c attachment */
#define RESIZE 7      /* a columns, b rows */
#define CLOSE_STDIN 8
#define LIST 9        /* a first index; reply b next index or -1, payload struct list_entry[] */
#define FORGET 10
#define PING 11
#define HOLD 12       /* payload kind u8[], as many fds */
#define GET_HELD 13   /* reply payload kind u8[], as many fds */
#define SHUTDOWN 14
#define SPAWN 32      /* to the nursery; fds: pod directory, first connection; payload: the directory's path */
#define REPLY 0x100
#define EVENT_HELLO 0x201  /* a errno, b pid: the first message on every connection */
#define EVENT_EXIT 0x202   /* a wait status, b pid, c ns */
#define EVENT_MISSED 0x203 /* exits could not be sent: ask LIST */

#define LAUNCH_WAITING 1
#define LAUNCH_EPHEMERAL 2
#define LAUNCH_TERMINAL 4
#define LAUNCH_TERMINAL_TO_CALLER 8
#define LAUNCH_STDIN_ONCE 16

#define STDIO_NULL 0
#define STDIO_PIPE 1
#define STDIO_NONE 2

#define SLOT_STDIN 253
#define SLOT_STDOUT 254
#define SLOT_STDERR 255

#define STEP_NONE (-1)  /* no step of the plan: clone, a pipe */
#define STEP_ENDED (-2) /* the process ended before execve; c is its wait status */

#define ATTACH_STDIN 1
#define ATTACH_STDOUT 2
#define ATTACH_STDERR 4

#define STATE_FREE 0
#define STATE_WAITING 1
#define STATE_STARTING 2
#define STATE_RUNNING 3
#define STATE_EXITED 4
#define STATE_FAILED 5

#define NAME 64
#define LIST_ENTRY 120
#define MAX_MESSAGE 16384
#define MAX_FDS 250

struct launch_request {
  uint64_t clone_flags;
  uint32_t flags;
  uint8_t stdio[3];
  uint8_t name_length;
  int16_t log, cgroup, pidns; /* index of the fd, or -1 */
  uint16_t slots;
  char name[NAME];
  /* uint8_t source[slots]: index of the fd, or SLOT_STD* */
};

struct list_entry {
  uint64_t id;
  int32_t pid, state, status, failed_step, failure, name_length;
  int64_t started, exited, dropped;
  char name[NAME];
};

_Static_assert(sizeof(struct head) == 32, "Wire.HEAD");
_Static_assert(sizeof(struct launch_request) == 24 + NAME, "Wire.launch");
_Static_assert(sizeof(struct list_entry) == LIST_ENTRY, "Wire.entry");

#define PLAN_MAGIC 0x4C504B43
#define PLAN_VERSION 1
#define OP_CALL 0
#define OP_WAIT 1
#define OP_GIVE 2
#define OP_INIT 3
#define OP_FAIL 4
#define OP_CLONE 5
#define KIND_VALUE 0
#define KIND_SLOT 1
#define KIND_RESULT 2
#define KIND_POINTER 3
#define GIVE_TERMINAL 1

struct plan_head {
  uint32_t magic, version, steps, slots, fixups, steps_at, fixups_at, data_at, size, zero;
};

struct plan_step {
  uint16_t op, tolerated_count;
  int32_t number; /* system call, tag, errno or clone flags */
  uint8_t kind[8];
  uint16_t tolerated[4];
  uint32_t first_fixup, fixups;
  int64_t arg[6];
  int64_t result;
};

struct plan_fixup {
  uint32_t at;
  uint16_t width, kind;
  int64_t value;
};

_Static_assert(sizeof(struct plan_head) == 40, "PlanCodec.HEAD");
_Static_assert(sizeof(struct plan_step) == 88, "PlanCodec.STEP");
_Static_assert(sizeof(struct plan_fixup) == 16, "PlanCodec.FIXUP");

/* From the child to its keeper, over the report socket, whose end is execve's success. */
struct report {
  uint32_t kind;
  int32_t step, error;
};
#define REPORT_LAST_WORD 1 /* execve or the seccomp filter is next: an end from now on is execve's */
#define REPORT_FAILED 2
#define REPORT_GIVEN 3 /* with a descriptor; step is the tag */
#define REPORT_INIT 4  /* the launch has succeeded without an execve */
#define REPORT_CLONED 5 /* step is the id of the process in which the launch goes on */

#endif
