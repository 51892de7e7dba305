/* The only process with capabilities. `warden run [--pin DIR | --try-pin DIR] CALL...` loads the sensor, writes records to
 * standard output and takes requests on standard input until that closes; `warden front PROGRAM...` stands in front of
 * containers' ports; `warden supervise PROGRAM...` keeps the agent running; `warden probe` prints what the kernel allows;
 * `warden unpin DIR` ends what outlived an earlier one. */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "warden.h"
#include "sensor.skel.h"

static volatile sig_atomic_t stopping;
static void on_stop(int number) { (void)number; stopping = 1; }

static int fail(const char *what, int error) {
  fprintf(stderr, "warden: %s: %s\n", what, strerror(error < 0 ? -error : error));
  return 1;
}

void pin_map_paths(struct sensor *sensor, const char *pins) {
  struct bpf_map *maps[] = {sensor->maps.deny_paths, sensor->maps.deny_names, sensor->maps.deny_comms, sensor->maps.deny_containers,
                            sensor->maps.isolated, sensor->maps.containers, sensor->maps.hold_policies, sensor->maps.holds, sensor->maps.fresh, sensor->maps.heartbeat};
  for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", pins, bpf_map__name(maps[i]));
    bpf_map__set_pin_path(maps[i], path);
  }
}

/* The new program is attached before the old one's pin goes: there is no moment without one. */
static int pin_link(struct bpf_link *link, const char *pins, const char *name) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", pins, name);
  unlink(path);
  return bpf_link__pin(link, path);
}

/* What must outlive us is pinned; the rest goes with us. */
static int attach_always(struct sensor *sensor, const char *pins) {
  struct bpf_program *programs[] = {sensor->progs.on_fork, sensor->progs.on_exec, sensor->progs.on_exit, sensor->progs.on_guard,
                                    sensor->progs.on_container, sensor->progs.on_hold, sensor->progs.on_hold_plain};
  for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
    const char *name = bpf_program__name(programs[i]);
    struct bpf_link *link = has_part(name) ? note_part(name, bpf_program__attach(programs[i])) : NULL;
    if (!link || !pins || i < 3) continue;
    int error = pin_link(link, pins, i == 3 ? "guard" : strncmp(name, "on_hold", 7) == 0 ? "hold" : name);
    if (error) return error;
  }
  return 0;
}

static void report_tasks(struct sensor *sensor, struct ring_buffer *reader) {
  struct bpf_link *link = has_part("on_task") ? note_part("on_task", bpf_program__attach_iter(sensor->progs.on_task, NULL)) : NULL;
  if (!link) return;
  int fd = bpf_iter_create(bpf_link__fd(link));
  char unused[64];
  while (fd >= 0 && read(fd, unused, sizeof unused) > 0) continue;
  if (fd >= 0) close(fd);
  bpf_link__destroy(link);
  ring_buffer__consume(reader);
}

static u64 ring_losses(struct sensor *sensor) {
  int cpus = libbpf_num_possible_cpus();
  u64 values[cpus > 0 ? cpus : 1], sum = 0;
  u32 cause = 0;
  if (bpf_map_lookup_elem(bpf_map__fd(sensor->maps.losses), &cause, values) != 0) return 0;
  for (int cpu = 0; cpu < cpus; cpu++) sum += values[cpu];
  return sum;
}

static u64 skipped_hooks(struct sensor *sensor) {
  struct bpf_program *programs[] = {sensor->progs.on_exec, sensor->progs.on_fork, sensor->progs.on_exit, sensor->progs.on_syscall, sensor->progs.on_any_syscall, sensor->progs.on_guard};
  u64 sum = 0;
  for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
    struct bpf_prog_info info = {0};
    u32 size = sizeof info;
    if (bpf_program__fd(programs[i]) >= 0 && bpf_obj_get_info_by_fd(bpf_program__fd(programs[i]), &info, &size) == 0) sum += info.recursion_misses;
  }
  return sum;
}

static void report_losses(struct sensor *sensor) {
  static u64 ring, skipped;
  u64 ring_now = ring_losses(sensor), skipped_now = skipped_hooks(sensor);
  if (ring_now == ring && skipped_now == skipped) return;
  out_loss(ring_now - ring, skipped_now - skipped);
  ring = ring_now;
  skipped = skipped_now;
}

/* ns since an earlier warden was last alive; 0 where there was none. */
static u64 beat(struct sensor *sensor) {
  u32 zero = 0;
  u64 last = 0, now = boot_time();
  int map = bpf_map__fd(sensor->maps.heartbeat);
  if (bpf_map_lookup_elem(map, &zero, &last) != 0) last = 0;
  bpf_map_update_elem(map, &zero, &now, BPF_ANY);
  return last && last < now ? now - last : 0;
}

static int watch(struct sensor *sensor, struct ring_buffer *reader, bool alone) {
  struct pollfd waits[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = ring_buffer__epoll_fd(reader), .events = POLLIN}};
  while (!stopping) {
    if (poll(waits, 2, 20) < 0 && errno != EINTR) return fail("poll", errno);
    if ((waits[0].revents & (POLLIN | POLLHUP)) && take_requests(sensor) == 0) break;
    if (ring_buffer__consume(reader) < 0) break;
    watch_holds(sensor);
    watch_exec_denial();
    beat(sensor);
    report_losses(sensor);
    if (out_flush() < 0) break; /* the reader is gone */
  }
  if (alone || gives_up_pins()) end_holds(sensor);
  ring_buffer__consume(reader);
  report_losses(sensor);
  out_flush();
  return 0;
}

static void exempt(struct sensor *sensor, u32 pid) {
  u32 one = 1;
  if (pid > 1) bpf_map_update_elem(bpf_map__fd(sensor->maps.own), &pid, &one, BPF_ANY);
}

/* The kernel speaks of pids in the host's namespace; in a container /hostproc/self tells ours and our parent's. As the
 * container's first process our parent is the runtime, which is watched like any other. */
static void exempt_own(struct sensor *sensor) {
  char line[128];
  u32 self = (u32)getpid(), parent = (u32)getppid();
  bool first = self == 1;
  FILE *status = fopen("/hostproc/self/status", "re");
  while (status && fgets(line, sizeof line, status)) {
    sscanf(line, "Pid: %u", &self);
    sscanf(line, "PPid: %u", &parent);
  }
  if (status) fclose(status);
  const char *agent = getenv("WARDEN_AGENT"); /* under `supervise`, which is then our parent */
  exempt(sensor, self);
  if (!first) exempt(sensor, parent);
  if (agent) exempt(sensor, (u32)strtoul(agent, NULL, 10));
}

/* Ns since 1970 at which CLOCK_BOOTTIME, the clock of records, was 0. The nearest of a few readings counts: between the
 * two clocks of one the process may have been held up. */
static u64 clock_origin(void) {
  struct timespec before, wall, after;
  u64 origin = 0, best = (u64)-1;
  for (int i = 0; i < 5; i++) {
    clock_gettime(CLOCK_BOOTTIME, &before);
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_BOOTTIME, &after);
    u64 start = (u64)before.tv_sec * 1000000000 + (u64)before.tv_nsec, end = (u64)after.tv_sec * 1000000000 + (u64)after.tv_nsec;
    if (end - start >= best) continue;
    best = end - start;
    origin = (u64)wall.tv_sec * 1000000000 + (u64)wall.tv_nsec - (start + best / 2);
  }
  return origin;
}

static int run(int count, char **arguments) {
  const char *pins = NULL;
  int first = 0;
  bool try = count > 1 && strcmp(arguments[0], "--try-pin") == 0;
  if (try || (count > 1 && strcmp(arguments[0], "--pin") == 0)) { pins = arguments[1]; first = 2; }
  int unpinned = pins ? prepare_pins(pins, try) : 0;
  if (unpinned && !try) return fail("mounting bpffs (needs CAP_SYS_ADMIN)", unpinned);
  if (unpinned) pins = NULL;
  int error = prepare_mounts();
  if (error) return fail("mounting tracefs (needs CAP_SYS_ADMIN)", error);
  for (int i = first; i < count; i++) {
    if (strcmp(arguments[i], "dns") != 0) continue;
    want_part("dns_egress", true);
    want_part("dns_ingress", true);
  }
  struct sensor *sensor = load_parts(pins);
  if (!sensor && pins && try && unpin(pins) == 0) { /* of another version */
    unpinned = prepare_pins(pins, try);
    if (unpinned) pins = NULL;
    sensor = load_parts(pins);
  }
  if (!sensor && pins && try) { /* nothing may be pinned there: watching goes on */
    unpinned = errno ? -errno : -EPERM;
    pins = NULL;
    sensor = load_parts(pins);
  }
  if (!sensor && pins) fprintf(stderr, "warden: pins of another version can't be taken over; `warden unpin %s` ends what they hold\n", pins);
  if (!sensor) return fail("loading eBPF (needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN)", errno);
  exempt_own(sensor);
  bool dns = false, denies = false;
  for (int i = first; i < count; i++) {
    if (strcmp(arguments[i], "dns") == 0) { dns = true; continue; }
    if (strcmp(arguments[i], "exec-deny") == 0) { denies = true; continue; }
    error = add_call(sensor, arguments[i]);
    if (error) return fail(arguments[i], error);
  }
  struct ring_buffer *reader = ring_buffer__new(bpf_map__fd(sensor->maps.ring), out_record, NULL, NULL);
  if (!reader) return fail("ring buffer", errno);
  error = attach_always(sensor, pins);
  if (error) return fail("pinning", error);
  int isolation = attach_isolation(sensor, pins);
  int names = dns ? attach_dns(sensor) : 0;
  attach_calls(sensor);
  report_tasks(sensor, reader);
  int denial = denies ? start_exec_denial() : -EOPNOTSUPP;
  error = drop_privileges();
  if (error) return fail("dropping capabilities", error);
  static char text[MAX_FIELD], parts[MAX_FIELD - 1200];
  describe_parts(parts, sizeof parts);
  snprintf(text, sizeof text, "{\"armed\":true,\"calls\":%zu,\"missing\":[%s],\"untraced\":[%s],\"pinned\":%s,\"unpinned\":\"%s\",\"isolation\":%s,\"dns\":%s,\"origin\":\"%llu\",\"execDenial\":\"%s\",\"cgroup\":\"%s\",\"gapMs\":%llu,\"programs\":[%s]}",
           attached_calls(), missing_calls(), untraced_calls(), pins ? "true" : "false", unpinned ? strerror(-unpinned) : "", isolation == 0 ? "true" : "false", dns && names == 0 ? "true" : "false", (unsigned long long)clock_origin(), !denies ? "off" : denial == 0 ? "on, keeps CAP_SYS_ADMIN" : strerror(-denial), cgroup_mode(), (unsigned long long)(beat(sensor) / 1000000), parts);
  out_status(0, 0, text);
  out_flush();
  int ended = watch(sensor, reader, !pins);
  if (!pins || !gives_up_pins()) return ended;
  error = unpin(pins);
  return error ? fail(pins, error) : ended;
}

int main(int count, char **arguments) {
  struct sigaction stop = {.sa_handler = on_stop};
  sigaction(SIGTERM, &stop, NULL);
  sigaction(SIGINT, &stop, NULL);
  signal(SIGPIPE, SIG_IGN);
  int asked = ask_supervisor(count, arguments);
  if (asked >= 0) return asked;
  if (count >= 3 && strcmp(arguments[1], "supervise") == 0) return supervise(arguments + 2);
  if (count >= 2 && strcmp(arguments[1], "run") == 0) return run(count - 2, arguments + 2);
  if (count >= 2 && strcmp(arguments[1], "front") == 0) return front(count - 2, arguments + 2);
  if (count == 2 && strcmp(arguments[1], "probe") == 0) return probe();
  if (count == 3 && strcmp(arguments[1], "unpin") == 0) {
    int error = unpin(arguments[2]);
    return error ? fail(arguments[2], error) : 0;
  }
  fprintf(stderr, "usage: warden run [--pin DIR | --try-pin DIR] CALL[:frpwco0-9]... [[0-9]/PREFIX | [0-9]*PART]... [dns] [exec-deny] | warden front [--user UID] [--workers N] PROGRAM [ARGUMENT]... | warden supervise PROGRAM [ARGUMENT]... | warden probe | warden unpin DIR\n");
  return 2;
}
