/* Isolation of a container: no network in either direction, new and established connections alike. Pinned like the
 * guard. connect and sendmsg answer EPERM at once; what slips past them (sockets that were open) is dropped per packet. */
#include "emit.h"
#include "../request.h"

struct isolated { char container[16]; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1024); __type(key, struct isolated); __type(value, u32); } isolated SEC(".maps");

static __always_inline int refused(void) {
  u64 id;
  struct isolated key = {};
  struct container_name *name = container(bpf_get_current_task_btf(), &id);
  if (!name || !name->id[0]) return 0;
  __builtin_memcpy(key.container, name->id, 12);
  return bpf_map_lookup_elem(&isolated, &key) != 0;
}

static __always_inline int dropped(struct __sk_buff *packet) {
  u64 id = bpf_skb_cgroup_id(packet);
  struct isolated key = {};
  struct container_name *name = bpf_map_lookup_elem(&containers, &id);
  if (!name || !name->id[0]) return 0;
  __builtin_memcpy(key.container, name->id, 12);
  return bpf_map_lookup_elem(&isolated, &key) != 0;
}

SEC("cgroup/connect4") int isolate_connect4(struct bpf_sock_addr *unused) { return !refused(); }
SEC("cgroup/connect6") int isolate_connect6(struct bpf_sock_addr *unused) { return !refused(); }
SEC("cgroup/sendmsg4") int isolate_sendmsg4(struct bpf_sock_addr *unused) { return !refused(); }
SEC("cgroup/sendmsg6") int isolate_sendmsg6(struct bpf_sock_addr *unused) { return !refused(); }
SEC("cgroup_skb/egress") int isolate_egress(struct __sk_buff *packet) { return !dropped(packet); }
SEC("cgroup_skb/ingress") int isolate_ingress(struct __sk_buff *packet) { return !dropped(packet); }
