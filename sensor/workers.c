/* The firewall's workers: children without any capability, that get their sockets from here and say every half second
 * that they are well. A worker that ends or says nothing for long is replaced; the others serve meanwhile. New settings
 * are for new workers: an old one goes when a new one serves, so nothing waits while rules are compiled, and rules that
 * don't load leave the old ones at work.
 * Sockets go over the channel that Node opens to a parent (NODE_CHANNEL_FD), in Node's words; what the workers say is
 * fixed-size notes on a pipe, so that nothing they send is parsed here. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "front.h"

#define CHANNEL 3
#define NOTES 4
#define SECOND 1000000000ull
#define STARTING 60             /* s that a worker may take to its first word */
#define SILENT 10               /* s without a word: it hangs; it may ask for more (its note's count), to compile rules */
#define MOST_PATIENCE 120
#define DRAIN 12                /* s that an old worker's connections get */
#define SLOTS (2 * WORKERS)
#define PAUSE SECOND            /* before a worker that ended at once is started again */
#define MOST_SOCKETS 256        /* in one note */

struct worker {
  pid_t pid; /* 0: none runs */
  int channel;
  int notes;
  u64 started;
  u64 heard;      /* 0: not yet */
  u32 patience;   /* s without a word that are fine */
  bool serving;   /* takes connections, or would if there were a site */
  bool old;       /* of settings before */
  u64 retired;    /* 0, or when it was told to close */
  u32 owed;       /* sites whose end it has not said since */
  struct worker_note pending;
  size_t filled;
};

static struct worker workers[SLOTS];
static u32 count, user;
static u64 again; /* no worker is started before */
static char **program;

/* One message, with a descriptor or without (-1). A worker whose channel is full does not read it any more. */
static int say(struct worker *worker, const char *text, int descriptor) {
  union { struct cmsghdr header; char bytes[CMSG_SPACE(sizeof descriptor)]; } control = {0};
  struct iovec body = {.iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text)};
  struct msghdr message = {.msg_iov = &body, .msg_iovlen = 1};
  if (descriptor >= 0) {
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof descriptor), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
  }
  ssize_t sent = sendmsg(worker->channel, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent == (ssize_t)body.iov_len ? 0 : sent < 0 ? -errno : -EMSGSIZE;
}

static int give(struct worker *worker, const char *word, const char *site, u32 family, int descriptor) {
  char text[256];
  snprintf(text, sizeof text, "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\",\"msg\":{\"%s\":\"%s\",\"family\":%u}}\n", word, site, family);
  return say(worker, text, descriptor);
}

static void end_at_once(struct worker *worker) {
  if (worker->pid > 0) kill(worker->pid, SIGKILL);
}

static void give_listeners(struct worker *worker, const struct site *site) {
  for (int i = 0; i < 2; i++)
    if (site->listeners[i] >= 0 && give(worker, "listen", site->name, i ? 6 : 4, site->listeners[i]) != 0) end_at_once(worker);
}

static void tell(struct worker *worker, const char *word, const struct site *site) {
  char text[128];
  snprintf(text, sizeof text, "{\"%s\":\"%s\"}\n", word, site->name);
  if (strcmp(word, "listen") == 0) give_listeners(worker, site);
  else if (say(worker, text, -1) != 0) end_at_once(worker);
}

/* "listen" hands out the site's listening sockets; any other word is said of it. */
void tell_workers(const char *word, const struct site *site) {
  for (u32 i = 0; i < SLOTS; i++) if (workers[i].pid > 0 && !workers[i].retired) tell(&workers[i], word, site);
}

static void become_worker(int channel, int notes) {
  static char file[] = "NODE_CHANNEL_FD=3", mode[] = "NODE_CHANNEL_SERIALIZATION_MODE=json";
  struct rlimit files;
  int nothing = open("/dev/null", O_RDONLY);
  /* Above what is replaced: one of them may lie on another's place. */
  channel = fcntl(channel, F_DUPFD, 10);
  notes = fcntl(notes, F_DUPFD, 10);
  if (nothing < 0 || channel < 0 || notes < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) _exit(126);
  if (dup2(channel, CHANNEL) < 0 || dup2(notes, NOTES) < 0) _exit(126);
  syscall(SYS_close_range, NOTES + 1, ~0u, 0);
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  putenv(file);
  putenv(mode);
  signal(SIGPIPE, SIG_DFL);
  int error = keep_no_privileges(user);
  if (error) {
    fprintf(stderr, "warden: a worker's privileges: %s\n", strerror(-error));
    _exit(126);
  }
  execv(program[0], program);
  fprintf(stderr, "warden: %s: %s\n", program[0], strerror(errno));
  _exit(127);
}

static int start_worker(struct worker *worker) {
  int channel[2], notes[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0) return -errno;
  if (pipe2(notes, O_CLOEXEC) != 0) { close(channel[0]); close(channel[1]); return -errno; }
  pid_t pid = fork();
  if (pid == 0) become_worker(channel[1], notes[1]);
  close(channel[1]);
  close(notes[1]);
  if (pid < 0) { close(channel[0]); close(notes[0]); return -EAGAIN; }
  fcntl(notes[0], F_SETFL, O_NONBLOCK);
  *worker = (struct worker){.pid = pid, .channel = channel[0], .notes = notes[0], .started = boot_time(), .patience = STARTING};
  for (size_t i = 0; i < SITES; i++) {
    struct site *site = site_at(i);
    if (site->used && !site->closing) give_listeners(worker, site);
  }
  return 0;
}

static struct worker *free_slot(void) {
  for (u32 i = 0; i < SLOTS; i++) if (workers[i].pid == 0) return &workers[i];
  return NULL;
}

int start_workers(u32 wanted, u32 as, char **words) {
  count = wanted;
  user = as;
  program = words;
  for (u32 i = 0; i < count; i++) {
    int error = start_worker(free_slot());
    if (error) return error;
  }
  return 0;
}

/* Those that a closing site must wait for. */
u32 running_workers(void) {
  u32 running = 0;
  for (u32 i = 0; i < SLOTS; i++) if (workers[i].pid > 0 && !workers[i].retired) running++;
  return running;
}

static void supply(struct worker *worker, const struct site *site, const struct worker_note *note) {
  u32 wanted = note->count > MOST_SOCKETS ? MOST_SOCKETS : note->count;
  for (u32 i = 0; i < wanted; i++) {
    int fd = open_upstream(site, note->family);
    /* What does not come is asked for again. */
    if (fd < 0 || give(worker, "socket", site->name, note->family, fd) != 0) i = wanted;
    if (fd >= 0) close(fd);
  }
}

static bool any_site(void) {
  for (size_t i = 0; i < SITES; i++) if (site_at(i)->used && !site_at(i)->closing) return true;
  return false;
}

static void hear(struct worker *worker, struct worker_note *note) {
  note->site[SITE - 1] = 0;
  worker->heard = boot_time();
  worker->patience = note->op == NOTE_ALIVE && note->count > SILENT ? (note->count < MOST_PATIENCE ? note->count : MOST_PATIENCE) : SILENT;
  struct site *site = note->site[0] ? site_named(note->site) : NULL;
  if (note->op == NOTE_ALIVE && !note->count && (site || !any_site())) worker->serving = true;
  if (!site) return;
  if (note->op == NOTE_ALIVE && !site->closing && !worker->retired) heard_of_site(site);
  if (note->op == NOTE_NEED && (note->family == 4 || note->family == 6)) supply(worker, site, note);
  if (note->op == NOTE_GONE && !worker->retired) site->gone++;
  if (note->op == NOTE_GONE && worker->retired && worker->owed > 0 && --worker->owed == 0) kill(worker->pid, SIGTERM);
}

static void read_notes(struct worker *worker) {
  char unused[4096];
  /* Node's own acknowledgements. */
  while (recv(worker->channel, unused, sizeof unused, MSG_DONTWAIT) > 0) continue;
  for (int notes = 0; notes < 64; notes++) { /* one worker's flood must not keep the others waiting */
    ssize_t got = read(worker->notes, (u8 *)&worker->pending + worker->filled, sizeof worker->pending - worker->filled);
    if (got <= 0) return;
    worker->filled += (size_t)got;
    if (worker->filled < sizeof worker->pending) continue;
    worker->filled = 0;
    hear(worker, &worker->pending);
  }
}

static void look_after(struct worker *worker, u64 now) {
  int status;
  read_notes(worker);
  u64 last = worker->heard ? worker->heard : worker->started;
  if (now > last && now - last > worker->patience * SECOND) {
    fprintf(stderr, "warden: worker %d says nothing any more and is ended\n", worker->pid);
    end_at_once(worker);
    worker->heard = now;
  }
  if (worker->retired && now - worker->retired > DRAIN * SECOND) kill(worker->pid, SIGTERM);
  if (worker->retired && now - worker->retired > 2 * DRAIN * SECOND) end_at_once(worker);
  if (waitpid(worker->pid, &status, WNOHANG) != worker->pid) return;
  if (!worker->retired) fprintf(stderr, "warden: worker %d ended (%s %d); another takes its place\n", worker->pid, WIFSIGNALED(status) ? "signal" : "code", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  close(worker->channel);
  close(worker->notes);
  if (!worker->heard || now - worker->started < PAUSE) again = now + PAUSE;
  worker->pid = 0;
}

static void retire(struct worker *worker, u64 now) {
  worker->retired = now;
  for (size_t i = 0; i < SITES; i++) {
    if (!site_at(i)->used || site_at(i)->closing) continue;
    tell(worker, "close", site_at(i));
    worker->owed++;
  }
  if (worker->owed == 0) kill(worker->pid, SIGTERM);
}

/* As many as wanted; one more while an old one waits for its successor. */
static void keep_count(u64 now) {
  struct worker *outdated = NULL;
  u32 active = 0, serving = 0, coming = 0;
  for (u32 i = 0; i < SLOTS; i++) {
    if (workers[i].pid <= 0 || workers[i].retired) continue;
    active++;
    if (workers[i].old) outdated = &workers[i];
    else if (workers[i].serving) serving++;
    else coming++;
  }
  if (outdated && active > count && serving > 0) {
    retire(outdated, now);
    return;
  }
  if (now < again || (active >= count && !(outdated && coming == 0 && active == count))) return;
  struct worker *slot = free_slot();
  if (slot && start_worker(slot) != 0) again = now + PAUSE;
}

void watch_workers(void) {
  u64 now = boot_time();
  for (u32 i = 0; i < SLOTS; i++) if (workers[i].pid > 0) look_after(&workers[i], now);
  keep_count(now);
}

void reload_workers(void) {
  for (u32 i = 0; i < SLOTS; i++) workers[i].old = workers[i].pid > 0;
}

size_t worker_waits(struct pollfd *waits) {
  size_t filled = 0;
  for (u32 i = 0; i < SLOTS; i++) {
    if (workers[i].pid <= 0) continue;
    waits[filled++] = (struct pollfd){.fd = workers[i].notes, .events = POLLIN};
    waits[filled++] = (struct pollfd){.fd = workers[i].channel, .events = POLLIN};
  }
  return filled;
}

/* Two seconds to end by themselves. */
void end_workers(void) {
  for (u32 i = 0; i < SLOTS; i++) if (workers[i].pid > 0) kill(workers[i].pid, SIGTERM);
  for (int tries = 0; tries < 200; tries++) {
    u32 left = 0;
    for (u32 i = 0; i < SLOTS; i++) {
      if (workers[i].pid > 0 && waitpid(workers[i].pid, NULL, WNOHANG) == workers[i].pid) workers[i].pid = 0;
      if (workers[i].pid > 0) left++;
    }
    if (left == 0) return;
    usleep(10000);
  }
  for (u32 i = 0; i < SLOTS; i++) {
    if (workers[i].pid <= 0) continue;
    kill(workers[i].pid, SIGKILL);
    waitpid(workers[i].pid, NULL, 0);
  }
}
