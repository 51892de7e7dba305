/* Containers held at their first exec: told of, released, and their deadline watched a second time, for kernels whose
 * timers may not signal. The map is pinned: what an earlier warden held is taken over. */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include "warden.h"
#include "sensor.skel.h"
#include "bpf/hold.h"

#define GRACE 50000000ull /* ns a kernel timer may be late before the warden acts */

struct key { char container[16]; };

static void tell(const struct key *key, const struct held *held, u32 state) {
  struct record header = {.kind = KIND_HELD, .arg0 = state, .arg1 = held->deadline, .pid = held->pid, .start = held->start, .result = 0};
  memcpy(header.container, key->container, 12);
  out_own(&header, "");
}

/* Told of in this warden's life. Kept here: writing an element of the map would end the timer inside it. */
static struct { struct key key; u64 deadline; } known[1024];
#define KNOWN (sizeof known / sizeof known[0])

static bool first_time(const struct key *key, const struct held *held) {
  size_t free_at = KNOWN;
  for (size_t i = 0; i < KNOWN; i++) {
    if (known[i].deadline == 0) { if (free_at == KNOWN) free_at = i; continue; }
    if (known[i].deadline == held->deadline && memcmp(&known[i].key, key, sizeof *key) == 0) return false;
  }
  if (free_at < KNOWN) { known[free_at].key = *key; known[free_at].deadline = held->deadline; }
  return true;
}

static void forget(int map, const struct key *key, const struct held *held) {
  for (size_t i = 0; i < KNOWN; i++) if (known[i].deadline == held->deadline && memcmp(&known[i].key, key, sizeof *key) == 0) known[i].deadline = 0;
  bpf_map_delete_elem(map, key);
}

static void watch_one(int map, const struct key *key, bool now) {
  struct held held;
  if (bpf_map_lookup_elem(map, key, &held) != 0) return;
  if (first_time(key, &held)) tell(key, &held, HELD_STOPPED);
  if (held.state == HELD_STOPPED && (now || boot_time() > held.deadline + GRACE)) {
    int failed = signal_process(held.pid, held.start, held.outcome == HOLD_KILL ? SIGKILL : SIGCONT);
    held.state = failed ? HELD_GONE : held.outcome == HOLD_KILL ? HELD_KILLED : HELD_EXPIRED;
  }
  if (held.state == HELD_STOPPED) return;
  tell(key, &held, held.state);
  forget(map, key, &held);
}

static void watch_all(struct sensor *sensor, bool now) {
  int map = bpf_map__fd(sensor->maps.holds);
  struct key key, next;
  for (void *from = NULL; bpf_map_get_next_key(map, from, &next) == 0; from = &key) {
    if (from) watch_one(map, &key, now);
    key = next;
    if (bpf_map_get_next_key(map, &key, &next) != 0) { watch_one(map, &key, now); break; }
  }
}

void watch_holds(struct sensor *sensor) { watch_all(sensor, false); }

/* Nothing will keep the deadlines any more: they are now. No container is left stopped for ever. */
void end_holds(struct sensor *sensor) {
  struct key key;
  int policies = bpf_map__fd(sensor->maps.hold_policies);
  while (bpf_map_get_next_key(policies, NULL, &key) == 0 && bpf_map_delete_elem(policies, &key) == 0) continue;
  watch_all(sensor, true);
}

int set_hold(struct sensor *sensor, const struct request *request, bool add) {
  struct key key = {0};
  struct hold_policy policy = {.milliseconds = request->pid, .outcome = request->flags};
  size_t length = strnlen(request->text, sizeof request->text);
  if (length != 0 && length != 12) return -EINVAL;
  memcpy(key.container, request->text, length);
  int fd = bpf_map__fd(sensor->maps.hold_policies);
  if (!add) return bpf_map_delete_elem(fd, &key) ? -errno : 0;
  if (policy.milliseconds == 0 || policy.milliseconds > HOLD_LONGEST || policy.outcome > HOLD_KILL) return -EINVAL;
  if (!has_part("on_hold") && !has_part("on_hold_plain")) return -EOPNOTSUPP;
  return bpf_map_update_elem(fd, &key, &policy, BPF_ANY) ? -errno : 0;
}

int release_held(struct sensor *sensor, const struct request *request) {
  struct key key = {0};
  struct held held;
  size_t length = strnlen(request->text, sizeof request->text);
  if (length != 12) return -EINVAL;
  memcpy(key.container, request->text, length);
  int map = bpf_map__fd(sensor->maps.holds);
  if (bpf_map_lookup_elem(map, &key, &held) != 0) return -errno;
  if (held.state != HELD_STOPPED) return -ESRCH;
  if (first_time(&key, &held)) tell(&key, &held, HELD_STOPPED);
  int failed = signal_process(held.pid, held.start, SIGCONT);
  tell(&key, &held, failed ? HELD_GONE : HELD_RELEASED);
  forget(map, &key, &held);
  return failed;
}
