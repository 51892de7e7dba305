/* What this kernel and these capabilities allow, as one JSON object: the capability table of the coverage page. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "warden.h"

struct hook { const char *name; enum bpf_prog_type type; const char *use; };
static const struct hook hooks[] = {
  {"tracepoint", BPF_PROG_TYPE_TRACEPOINT, "syscalls"},
  {"raw_tracepoint", BPF_PROG_TYPE_RAW_TRACEPOINT, "syscalls without a tracepoint"},
  {"tp_btf", BPF_PROG_TYPE_TRACING, "processes, kill before the first instruction"},
  {"cgroup_sock_addr", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "isolation, denied connections"},
  {"cgroup_skb", BPF_PROG_TYPE_CGROUP_SKB, "DNS, isolation of established connections"},
  {"fentry", BPF_PROG_TYPE_TRACING, "unused so far; denial where it may change results"},
  {"lsm", BPF_PROG_TYPE_LSM, "denial in the kernel"},
  {"kprobe", BPF_PROG_TYPE_KPROBE, "unused; shown for completeness"},
};

static bool lsm_active(void) {
  char text[256] = {0};
  FILE *file = fopen("/sys/kernel/security/lsm", "re");
  if (!file) return false;
  size_t got = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[got] = 0;
  return strstr(text, "bpf") != NULL;
}

/* libbpf's own probe of this type tries fentry; what the sensor needs is a typed tracepoint. */
static bool typed_tracepoint(void) {
  struct bpf_insn nothing[] = {{.code = 0xb7}, {.code = 0x95}};
  LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_RAW_TP);
  options.attach_btf_id = (u32)libbpf_find_vmlinux_btf_id("sched_process_exec", BPF_TRACE_RAW_TP);
  int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "probe", "GPL", nothing, 2, &options);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

/* v1, hybrid (v1 beside a unified tree), v2: where containers are told apart, and whether they can be isolated. */
const char *cgroup_mode(void) {
  bool unified = false, old = false;
  FILE *mounts = setmntent("/proc/self/mounts", "re");
  for (struct mntent *entry; mounts && (entry = getmntent(mounts));) {
    unified |= strcmp(entry->mnt_type, "cgroup2") == 0;
    old |= strcmp(entry->mnt_type, "cgroup") == 0;
  }
  if (mounts) endmntent(mounts);
  return unified && old ? "hybrid" : unified ? "v2" : old ? "v1" : "none";
}

int probe(void) {
  struct utsname kernel;
  uname(&kernel);
  printf("{\"kernel\":\"%s\",\"btf\":%s,\"hooks\":[", kernel.release, access("/sys/kernel/btf/vmlinux", R_OK) == 0 ? "true" : "false");
  for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
    int can = libbpf_probe_bpf_prog_type(hooks[i].type, NULL);
    if (strcmp(hooks[i].name, "tp_btf") == 0) can = typed_tracepoint();
    if (hooks[i].type == BPF_PROG_TYPE_KPROBE) can = access("/sys/bus/event_source/devices/kprobe/type", R_OK) == 0;
    bool allowed = can == 1 && (hooks[i].type != BPF_PROG_TYPE_LSM || lsm_active());
    printf("%s{\"name\":\"%s\",\"allowed\":%s,\"use\":\"%s\"}", i ? "," : "", hooks[i].name, allowed ? "true" : "false", hooks[i].use);
  }
  int ring = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL);
  int signal = libbpf_probe_bpf_helper(BPF_PROG_TYPE_TRACEPOINT, BPF_FUNC_send_signal, NULL);
  char parts[4096];
  want_part("dns_egress", true);
  want_part("dns_ingress", true);
  struct sensor *sensor = load_parts(NULL);
  describe_parts(parts, sizeof parts);
  printf("],\"ringBuffer\":%s,\"sendSignal\":%s,\"cgroup\":\"%s\",\"loads\":%s,\"programs\":[%s]}\n", ring == 1 ? "true" : "false", signal == 1 ? "true" : "false", cgroup_mode(), sensor ? "true" : "false", parts);
  return sensor ? 0 : 1;
}
