// What attaching alone costs: empty programs at the sensor's hooks, and an enter/exit pair with a bitmap of wanted calls,
// as other sensors attach it.
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 512); __type(key, __u32); __type(value, __u8); } wanted SEC(".maps");

SEC("tp/syscalls/sys_exit_openat") int empty_call(void *context) { return 0; }
SEC("tp_btf/sched_process_exec") int empty_exec(void *context) { return 0; }
SEC("tp_btf/sched_process_exec") int empty_guard(void *context) { return 0; }
SEC("tp_btf/sched_process_fork") int empty_fork(void *context) { return 0; }
SEC("tp_btf/sched_process_exit") int empty_exit(void *context) { return 0; }

/* Where a wanted call has no tracepoint. */
SEC("tp_btf/sys_exit") int empty_any(void *context) { return 0; }

SEC("tp_btf/sys_enter") int pair_enter(__u64 *context) {
  __u32 number = context[1];
  __u8 *is = bpf_map_lookup_elem(&wanted, &number);
  return is && *is ? 1 : 0;
}

SEC("tp_btf/sys_exit") int pair_exit(__u64 *context) {
  __u64 *registers = (__u64 *)context[0];
  __u64 number = 0;
  bpf_probe_read_kernel(&number, sizeof number, registers + 15); /* orig_ax */
  __u32 key = number;
  __u8 *is = bpf_map_lookup_elem(&wanted, &key);
  return is && *is ? 1 : 0;
}
