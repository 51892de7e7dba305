/* Denies an exec with EPERM: fanotify asks before a file of a marked file system is opened to be executed. Answers come
 * from lists alone, in a process of its own that does nothing else. Should it hang, the warden kills it: with the last
 * descriptor closed the kernel lets everything pass, and says so as a record. It keeps CAP_SYS_ADMIN, which marks need;
 * started only when asked for. Programs in memory or on unmarked mounts pass it: those are the guard's. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "warden.h"

#define MOUNTS 256
#define RULES 1024
#define HUNG 400000000ull /* ns without a sign of life */

struct marked { bool used; dev_t device; char container[16]; char upper[512]; };
struct rule { bool used; u32 flags; char container[16]; char text[DENY_PATH]; };
/* One denial told to the warden. */
struct told { u32 pid; char container[16]; char path[DENY_PATH]; };

static struct marked mounts[MOUNTS];
static struct rule rules[RULES];
static _Atomic u64 *alive;
static pid_t listener = -1;
static int channel = -1, denials = -1;

static u64 monotonic(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (u64)time.tv_sec * 1000000000 + (u64)time.tv_nsec;
}

static const struct marked *mount_of(dev_t device) {
  for (size_t i = 0; i < MOUNTS; i++) if (mounts[i].used && mounts[i].device == device) return &mounts[i];
  return NULL;
}

/* Written after the image: the same path lies in the overlay's upper directory. */
static bool in_upper(const struct marked *mount, const char *path) {
  char full[1024];
  struct stat about;
  if (mount->upper[0] == 0 || snprintf(full, sizeof full, "%s%s", mount->upper, path) >= (int)sizeof full) return false;
  return lstat(full, &about) == 0 && S_ISREG(about.st_mode);
}

static bool denied(const struct marked *mount, const char *path) {
  const char *name = strrchr(path, '/');
  name = name ? name + 1 : path;
  for (size_t i = 0; i < RULES; i++) {
    if (!rules[i].used || (rules[i].container[0] && strcmp(rules[i].container, mount->container) != 0)) continue;
    if (rules[i].text[0] == '/' && strcmp(rules[i].text, path) == 0) return true;
    if (rules[i].text[0] && rules[i].text[0] != '/' && strcmp(rules[i].text, name) == 0) return true;
    if (!rules[i].text[0] && (rules[i].flags & DENY_UPPER) && in_upper(mount, path)) return true;
    if (!rules[i].text[0] && (rules[i].flags & DENY_ALL)) return true;
  }
  return false;
}

static void answer(int group, const struct fanotify_event_metadata *event) {
  struct stat about;
  struct told told = {.pid = (u32)event->pid};
  char link[64];
  bool refuse = false;
  snprintf(link, sizeof link, "/proc/self/fd/%d", event->fd);
  ssize_t length = readlink(link, told.path, sizeof told.path - 1);
  const struct marked *mount = length > 0 && fstat(event->fd, &about) == 0 ? mount_of(about.st_dev) : NULL;
  if (mount) refuse = denied(mount, told.path);
  struct fanotify_response response = {.fd = event->fd, .response = refuse ? FAN_DENY : FAN_ALLOW};
  if (write(group, &response, sizeof response) < 0) _exit(1); /* closing the group lets everything pass */
  close(event->fd);
  if (!refuse) return;
  memcpy(told.container, mount->container, sizeof told.container);
  send(denials, &told, sizeof told, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static const char *proc_root(void) { return access("/hostproc/self", F_OK) == 0 ? "/hostproc" : "/proc"; }

/* The upper directory of a process's root, as we see it; empty where the root is no overlay or lies out of our sight. */
static void find_upper(u32 pid, char *upper, size_t size) {
  static const char *const views[] = {"", "/hostproc/1/root"};
  char path[64], line[8192];
  snprintf(path, sizeof path, "%s/%u/mountinfo", proc_root(), pid);
  FILE *file = fopen(path, "re");
  upper[0] = 0;
  while (file && fgets(line, sizeof line, file)) {
    char point[512];
    char *at = strstr(line, "upperdir=");
    if (sscanf(line, "%*u %*u %*s %*s %511s", point) != 1 || strcmp(point, "/") != 0 || !at) continue;
    at += strlen("upperdir=");
    at[strcspn(at, ",\n ")] = 0;
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
      int length = snprintf(upper, size, "%s%s", views[i], at);
      if (length > 0 && (size_t)length < size && access(upper, F_OK) == 0) break;
      upper[0] = 0;
    }
  }
  if (file) fclose(file);
}

static int set_mark(int group, const struct request *request, bool add) {
  char path[64];
  struct stat about;
  size_t slot = MOUNTS;
  if (strlen(request->text) != 12) return -EINVAL;
  if (!started_then(request->pid, request->start)) return -ESRCH;
  snprintf(path, sizeof path, "%s/%u/root", proc_root(), request->pid);
  int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0 || fstat(root, &about) != 0) return -errno;
  for (size_t i = 0; i < MOUNTS; i++) if (mounts[i].used ? strcmp(mounts[i].container, request->text) == 0 : slot == MOUNTS && add) slot = i;
  int error = slot == MOUNTS ? (add ? -ENOSPC : -ENOENT) : 0;
  if (!error && fanotify_mark(group, (add ? FAN_MARK_ADD : FAN_MARK_REMOVE) | FAN_MARK_FILESYSTEM, FAN_OPEN_EXEC_PERM, root, NULL) != 0) error = -errno;
  close(root);
  if (error) return error;
  memset(&mounts[slot], 0, sizeof mounts[slot]);
  if (!add) return 0;
  mounts[slot].used = true;
  mounts[slot].device = about.st_dev;
  memcpy(mounts[slot].container, request->text, 12);
  find_upper(request->pid, mounts[slot].upper, sizeof mounts[slot].upper);
  return 0;
}

/* "CONTAINER:TEXT": a path or name; without text the flags decide (DENY_UPPER, DENY_ALL); without container in all marked. */
static int set_rule(const struct request *request, bool add) {
  const char *colon = strchr(request->text, ':');
  size_t before = colon ? (size_t)(colon - request->text) : 0, slot = RULES;
  if (!colon || (before != 0 && before != 12) || strlen(colon + 1) >= DENY_PATH) return -EINVAL;
  if (add && !colon[1] && !(request->flags & (DENY_UPPER | DENY_ALL))) return -EINVAL;
  for (size_t i = 0; i < RULES; i++) {
    bool same = rules[i].used && strncmp(rules[i].container, request->text, before) == 0 && strlen(rules[i].container) == before && strcmp(rules[i].text, colon + 1) == 0;
    if (same) { slot = i; break; }
    if (add && !rules[i].used && slot == RULES) slot = i;
  }
  if (slot == RULES) return add ? -ENOSPC : -ENOENT;
  memset(&rules[slot], 0, sizeof rules[slot]);
  if (!add) return 0;
  rules[slot].used = true;
  rules[slot].flags = request->flags;
  memcpy(rules[slot].container, request->text, before);
  strcpy(rules[slot].text, colon + 1);
  return 0;
}

static int obey(int group, const struct request *request) {
  switch (request->op) {
    case REQUEST_EXEC_MARK: return set_mark(group, request, true);
    case REQUEST_EXEC_UNMARK: return set_mark(group, request, false);
    case REQUEST_EXEC_DENY: return set_rule(request, true);
    case REQUEST_EXEC_ALLOW: return set_rule(request, false);
    default: return -EINVAL;
  }
}

static void listen_forever(int group) {
  struct pollfd waits[2] = {{.fd = group, .events = POLLIN}, {.fd = channel, .events = POLLIN}};
  _Alignas(struct fanotify_event_metadata) char events[8192];
  for (;;) {
    atomic_store(alive, monotonic());
    if (poll(waits, 2, 100) < 0 && errno != EINTR) _exit(1);
    ssize_t got = waits[0].revents & POLLIN ? read(group, events, sizeof events) : 0;
    for (struct fanotify_event_metadata *at = (void *)events; got > 0 && FAN_EVENT_OK(at, got); at = FAN_EVENT_NEXT(at, got)) {
      if (at->vers != FANOTIFY_METADATA_VERSION) _exit(1);
      if (at->fd >= 0) answer(group, at);
    }
    if (waits[1].revents & POLLHUP) _exit(0);
    struct request request;
    if (!(waits[1].revents & POLLIN) || recv(channel, &request, sizeof request, 0) != sizeof request) continue;
    request.text[sizeof request.text - 1] = 0;
    int result = obey(group, &request);
    if (send(channel, &result, sizeof result, MSG_NOSIGNAL) < 0) _exit(1);
  }
}

/* Before capabilities are dropped. */
int start_exec_denial(void) {
  int talk[2], tell[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, talk) != 0 || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, tell) != 0) return -errno;
  alive = mmap(NULL, sizeof *alive, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (alive == MAP_FAILED) return -errno;
  int group = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK, O_RDONLY | O_CLOEXEC | O_LARGEFILE);
  if (group < 0) return -errno;
  atomic_store(alive, monotonic());
  listener = fork();
  if (listener < 0) return -errno;
  if (listener == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    channel = talk[1];
    denials = tell[1];
    close(talk[0]);
    close(tell[0]);
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    if (keep_exec_denial_privileges() != 0) _exit(1);
    listen_forever(group);
  }
  close(group); /* the listener's is the last: when it ends, nothing waits any more */
  close(talk[1]);
  close(tell[1]);
  channel = talk[0];
  denials = tell[0];
  struct timeval patience = {.tv_usec = 500000};
  setsockopt(channel, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return 0;
}

int ask_exec_denial(const struct request *request) {
  int result;
  if (listener <= 0) return -EOPNOTSUPP;
  if (send(channel, request, sizeof *request, MSG_NOSIGNAL) < 0) return -errno;
  return recv(channel, &result, sizeof result, 0) == sizeof result ? result : -ETIMEDOUT;
}

/* Passes on denials; ends a listener that hangs, since every exec below its marks would hang with it. */
void watch_exec_denial(void) {
  struct told told;
  if (listener <= 0) return;
  while (recv(denials, &told, sizeof told, MSG_DONTWAIT) == sizeof told) {
    struct record header = {.kind = KIND_DENIED, .arg0 = DENIED_BY_EPERM, .pid = told.pid, .tid = told.pid, .result = -EPERM};
    memcpy(header.container, told.container, 12);
    told.path[sizeof told.path - 1] = 0;
    out_tagged(&header, TAG_EXE, told.path);
  }
  bool ended = waitpid(listener, NULL, WNOHANG) == listener;
  u64 last = atomic_load(alive), now = monotonic();
  if (!ended && (last > now || now - last < HUNG)) return;
  if (!ended) {
    kill(listener, SIGKILL);
    waitpid(listener, NULL, 0);
  }
  listener = -1;
  struct record header = {.kind = KIND_FAULT};
  out_own(&header, ended ? "denial of execs ended: nothing is denied by EPERM any more" : "denial of execs hung and was ended: nothing is denied by EPERM any more");
}
