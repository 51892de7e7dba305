/* Holds a container at its first exec until it is released, or its deadline passes. The deadline is a timer in a pinned
 * map: it holds when every process of ours is dead. A later exec is never held: a stopped child makes a shell take its
 * prompt back. First is the exec of a container whose cgroup was made since we run, in a mount namespace other than its
 * parent's: before that, the runtime's own steps happen inside the same cgroup. */
#include "emit.h"
#include "hold.h"

struct key { char container[16]; };
struct { __uint(type, BPF_MAP_TYPE_LRU_HASH); __uint(max_entries, 4096); __type(key, struct key); __type(value, u64); } fresh SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1024); __type(key, struct key); __type(value, struct hold_policy); } hold_policies SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1024); __type(key, struct key); __type(value, struct held); } holds SEC(".maps");

extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym __weak;
extern void bpf_task_release(struct task_struct *task) __ksym __weak;
enum pid_type { PIDTYPE_PID, PIDTYPE_TGID };
extern int bpf_send_signal_task(struct task_struct *task, int signal, enum pid_type type, u64 value) __ksym __weak;

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(on_container, struct cgroup *group, const char *path) {
  struct container_name name = {};
  struct key key = {};
  u64 now = bpf_ktime_get_boot_ns();
  if (!container_of_name(group->kn->name, &name)) return 0;
  __builtin_memcpy(key.container, name.id, 12);
  bpf_map_update_elem(&fresh, &key, &now, BPF_ANY);
  return 0;
}

/* The kernel refuses a signal while its processor idles (nmi_uaccess_okay: no user memory is loaded there), so a refused
 * one is tried again until the timer meets a running process. */
#define RETRY 250000ull /* ns */
#define PF_EXITING 0x4 /* include/linux/sched.h */

static int on_deadline(void *map, struct key *key, struct held *held) {
  if (held->state != HELD_STOPPED) return 0;
  struct task_struct *task = bpf_task_from_pid(held->pid);
  u32 state = HELD_GONE;
  int refused = 0;
  if (task) {
    if (task->group_leader->start_boottime == held->start) {
      state = held->outcome == HOLD_KILL ? HELD_KILLED : HELD_EXPIRED;
      refused = bpf_send_signal_task(task, held->outcome == HOLD_KILL ? 9 : 18, PIDTYPE_TGID, 0);
      if (task->flags & PF_EXITING) refused = 0, state = HELD_GONE;
    }
    bpf_task_release(task);
  }
  if (refused) bpf_timer_start(&held->timer, RETRY, 0);
  else held->state = state;
  return 0;
}

static __always_inline struct held *hold(struct task_struct *task, struct key *key) {
  u64 id;
  struct container_name *name = container(task, &id);
  if (!name || !name->id[0]) return 0;
  __builtin_memcpy(key->container, name->id, 12);
  if (!bpf_map_lookup_elem(&fresh, key)) return 0;
  if (task->nsproxy->mnt_ns == task->real_parent->nsproxy->mnt_ns) return 0;
  bpf_map_delete_elem(&fresh, key);
  struct key every = {};
  struct hold_policy *policy = bpf_map_lookup_elem(&hold_policies, key);
  if (!policy) policy = bpf_map_lookup_elem(&hold_policies, &every);
  if (!policy) return 0;
  struct held held = {.deadline = bpf_ktime_get_boot_ns() + (u64)policy->milliseconds * 1000000, .start = task->group_leader->start_boottime, .pid = task->tgid, .outcome = policy->outcome, .state = HELD_STOPPED};
  if (bpf_map_update_elem(&holds, key, &held, BPF_ANY) != 0) return 0;
  struct held *kept = bpf_map_lookup_elem(&holds, key);
  if (kept) bpf_send_signal(19);
  return kept;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_hold, struct task_struct *task) {
  struct key key = {};
  struct held *held = hold(task, &key);
  if (!held) return 0;
  u64 left = held->deadline - bpf_ktime_get_boot_ns();
  bpf_timer_init(&held->timer, &holds, 7); /* CLOCK_BOOTTIME */
  bpf_timer_set_callback(&held->timer, on_deadline);
  bpf_timer_start(&held->timer, left, 0);
  return 0;
}

/* Where the kernel has no timers that may signal: the warden alone keeps the deadline. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_hold_plain, struct task_struct *task) {
  struct key key = {};
  hold(task, &key);
  return 0;
}
