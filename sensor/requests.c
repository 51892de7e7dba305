/* Requests of the agent on standard input: a closed list of fixed-size records (request.h). Anything else is refused. */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "warden.h"
#include "sensor.skel.h"

static u8 pending[sizeof(struct request) * 16];
static size_t filled;
static bool unpins;

bool gives_up_pins(void) { return unpins; }

static int set_deny(struct bpf_map *map, const struct request *request, size_t key_size, bool add) {
  char key[DENY_PATH] = {0};
  size_t length = strnlen(request->text, sizeof request->text);
  /* Container ids are known by their first 12 characters; kernel names end at 15. */
  size_t most = map ? (key_size == 16 ? 15 : key_size - 1) : 0;
  if (length > most) return -ENAMETOOLONG;
  memcpy(key, request->text, length);
  int fd = bpf_map__fd(map);
  u32 value = request->flags;
  if (add) return bpf_map_update_elem(fd, key, &value, BPF_ANY) ? -errno : 0;
  return bpf_map_delete_elem(fd, key) ? -errno : 0;
}

/* Whether a process started at that time (ns since boot); 0 stands for whoever has the pid now. */
bool started_then(u32 pid, u64 start) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "%s/%u/stat", access("/hostproc/self", F_OK) == 0 ? "/hostproc" : "/proc", pid);
  FILE *file = fopen(path, "re");
  size_t got = file ? fread(text, 1, sizeof text - 1, file) : 0;
  if (file) fclose(file);
  text[got] = 0;
  char *at = strrchr(text, ')');
  for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
  u64 ticks = at ? strtoull(at + 1, NULL, 10) : 0;
  u64 second = (u64)sysconf(_SC_CLK_TCK);
  return at && (start == 0 || ticks == start / (1000000000 / second));
}

/* The process that started then, not whoever has its pid now. */
int signal_process(u32 pid, u64 start, u32 number) {
  int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
  if (descriptor < 0) return -errno;
  int result = 0;
  if (!started_then(pid, start)) result = -ESRCH;
  else if (syscall(SYS_pidfd_send_signal, descriptor, number, NULL, 0) != 0) result = -errno;
  close(descriptor);
  return result;
}

static int set_skip(struct sensor *sensor, const struct request *request, bool add) {
  struct { char container[16]; } key, next;
  int fd = bpf_map__fd(sensor->maps.skipped), result = set_deny(sensor->maps.skipped, request, 16, add);
  u32 count = 0;
  for (void *from = NULL; bpf_map_get_next_key(fd, from, &next) == 0; from = &key) { key = next; count++; }
  sensor->bss->skips = count;
  return result;
}

static int carry_out(struct sensor *sensor, const struct request *request) {
  switch (request->op) {
    case REQUEST_DENY_PATH: return set_deny(sensor->maps.deny_paths, request, DENY_PATH, true);
    case REQUEST_DENY_NAME: return set_deny(sensor->maps.deny_names, request, 16, true);
    case REQUEST_DENY_COMM: return set_deny(sensor->maps.deny_comms, request, 16, true);
    case REQUEST_DENY_CONTAINER: return set_deny(sensor->maps.deny_containers, request, 16, true);
    case REQUEST_ALLOW_PATH: return set_deny(sensor->maps.deny_paths, request, DENY_PATH, false);
    case REQUEST_ALLOW_NAME: return set_deny(sensor->maps.deny_names, request, 16, false);
    case REQUEST_ALLOW_COMM: return set_deny(sensor->maps.deny_comms, request, 16, false);
    case REQUEST_ALLOW_CONTAINER: return set_deny(sensor->maps.deny_containers, request, 16, false);
    case REQUEST_ISOLATE: return set_deny(sensor->maps.isolated, request, 16, true);
    case REQUEST_RECONNECT: return set_deny(sensor->maps.isolated, request, 16, false);
    case REQUEST_SKIP: return set_skip(sensor, request, true);
    case REQUEST_UNSKIP: return set_skip(sensor, request, false);
    case REQUEST_HOLD: return set_hold(sensor, request, true);
    case REQUEST_UNHOLD: return set_hold(sensor, request, false);
    case REQUEST_UNPIN: unpins = true; return 0;
    case REQUEST_RELEASE: return release_held(sensor, request);
    case REQUEST_EXEC_MARK: case REQUEST_EXEC_UNMARK: case REQUEST_EXEC_DENY: case REQUEST_EXEC_ALLOW: return ask_exec_denial(request);
    case REQUEST_SIGNAL: return signal_process(request->pid, request->start, request->signal);
    default: return -EINVAL;
  }
}

/* 1: go on; 0: the agent closed its end. */
int take_requests(struct sensor *sensor) {
  ssize_t got = read(STDIN_FILENO, pending + filled, sizeof pending - filled);
  if (got == 0) return 0;
  if (got < 0) return errno == EINTR || errno == EAGAIN ? 1 : 0;
  filled += (size_t)got;
  size_t from = 0;
  while (filled - from >= sizeof(struct request)) {
    struct request request;
    memcpy(&request, pending + from, sizeof request);
    request.text[sizeof request.text - 1] = 0;
    out_status(request.id, carry_out(sensor, &request), "{\"answer\":true}");
    from += sizeof request;
  }
  memmove(pending, pending + from, filled - from);
  filled -= from;
  return 1;
}
