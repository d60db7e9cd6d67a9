/* The keeper's own state, shared by its loop (keeper.c), requests (requests.c) and streams (streams.c, log.c). */
#ifndef CREMA_KEEPER_H
#define CREMA_KEEPER_H

#include "crema.h"

/* Bytes that wait for a slow reader; mapped only while there are some. */
struct pending {
  uint8_t *bytes;
  uint32_t from, to, capacity;
};

/* A container's output: the read end of a pipe, or a terminal's master. */
struct stream {
  int fd;
  bool paused;         /* an attached reader is behind */
  uint32_t carry;      /* bytes of an unfinished line, in... */
  uint8_t *carry_page; /* CARRY_MAX bytes, mapped when first needed */
};

struct waiter { /* who gets a reply later; connection -1: nobody */
  int connection;
  uint32_t generation, sequence, type;
};

struct launch {
  uint64_t id;
  uint32_t generation; /* distinguishes events of this launch from those of one that had its place before */
  uint8_t state, flags, name_length;
  bool last_word, forgotten, torn_log, stdin_ended;
  int pid; /* as told; alive says whether it is not reaped yet */
  bool alive;
  int status, failed_step, failure;
  int64_t started, exited, dropped;
  int report, log, in, terminal;
  struct stream out[2];
  struct pending in_pending;
  struct waiter waiter;
  char name[NAME];
};

struct attachment {
  uint32_t generation, number; /* number 0: free */
  int launch;
  int in;
  bool in_watched;
  int out[2];
  struct pending pending[2];
  bool last; /* closed as soon as nothing is pending */
};

struct connection {
  int fd;
  uint32_t generation;
  bool lagging; /* an event didn't fit its socket */
};

#define CONNECTIONS 16

extern struct launch *launches;
extern int launch_capacity;
extern struct attachment *attachments;
extern int attachment_capacity;
extern struct connection connections[CONNECTIONS];

/* What an epoll event is about: kind, generation (24 bits), index. */
enum kind { ON_LISTEN, ON_SIGNAL, ON_CONNECTION, ON_REPORT, ON_OUT0, ON_OUT1, ON_IN, ON_ATTACH_IN, ON_ATTACH_OUT0, ON_ATTACH_OUT1 };

/* keeper.c */
long watch(int operation, int fd, uint32_t events, enum kind kind, uint32_t generation, int index);
void unwatch(int fd);
int64_t now(void);
void *map(size_t size); /* zeroed memory, or NULL */
void unmap(void *p, size_t size);
int new_launch(void);                 /* index, or -errno; may move launches */
struct launch *find_launch(uint64_t id);
void release_launch(struct launch *l); /* frees the record when nothing of it is left */
void report_ready(struct launch *l);   /* reads what its child has said */
void end_failed(struct launch *l);     /* a launch that will never run: closes what it has */
bool send_to(struct connection *c, const void *bytes, size_t length, const int *fds, int fd_count);
void reply_to(const struct waiter *w, struct launch *l, int error, int b, int64_t c, const int *fds, int fd_count);
bool anything_alive(void);
void unlink_socket(void);

extern int pod_directory;
struct held { int fd; uint8_t kind; };
#define HELD 16
extern struct held held[HELD];

/* requests.c */
void handle_request(struct connection *c, struct message *m, size_t payload, int *fds, int fd_count);

/* log.c */
#define CARRY_MAX 16385 /* a whole part, and a '\r' that may belong to the line's end */
#define CHUNK 65536
uint8_t *chunk_buffer(void); /* CARRY_MAX + CHUNK bytes, shared by all streams, or NULL */
void log_chunk(struct launch *l, int which, uint8_t *bytes, uint32_t carried, uint32_t length, bool end);
bool buffers_dirty(void);
void release_buffers(void);
void journal_open(int directory);
void journal_started(const struct launch *l);
void journal_exited(const struct launch *l);

/* streams.c */
void stream_open(struct launch *l, int which, int fd);
void stream_close(struct launch *l, int which);
void stream_ready(struct launch *l, int which);
void streams_drain(struct launch *l);
void stdin_open(struct launch *l, int fd);
void stdin_close(struct launch *l);
void stdin_end(struct launch *l); /* closes when what is pending has been written */
void stdin_ready(struct launch *l, uint32_t events);
void pending_free(struct pending *p);
int attach(struct launch *l, int in, int out, int err, uint32_t *number);
void detach(struct attachment *a);
void detach_all(struct launch *l, bool after_pending);
void attach_in_ready(struct attachment *a);
void attach_out_ready(struct attachment *a, int which, uint32_t events);

#endif
