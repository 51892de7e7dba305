/* DNS messages as they pass a socket, in both directions. Off until a rule or the recorder asks for them. */
#include "emit.h"

struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, u32); } dns_wanted SEC(".maps");
#define UDP 17
#define LONGEST 512 /* a classic DNS message; longer EDNS answers are cut and flagged */

static __always_inline void dns(struct __sk_buff *packet, u32 answer) {
  u8 first = 0, protocol = 0;
  u32 zero = 0, header = 40;
  u32 *wanted = bpf_map_lookup_elem(&dns_wanted, &zero);
  if (!wanted || !*wanted || bpf_skb_load_bytes(packet, 0, &first, 1) < 0) return;
  if (first >> 4 == 4) {
    header = (first & 15) * 4;
    bpf_skb_load_bytes(packet, 9, &protocol, 1);
  } else bpf_skb_load_bytes(packet, 6, &protocol, 1);
  if (protocol != UDP) return;
  u16 ports[2] = {};
  if (bpf_skb_load_bytes(packet, header, ports, 4) < 0) return;
  if (from_network(ports[answer ? 0 : 1]) != 53) return;
  struct scratch *s = scratch(answer ? IN_INGRESS : IN_EGRESS);
  u32 from = header + 8;
  if (!s || packet->len <= from) return;
  u32 length = packet->len - from;
  struct record *r = start_record(s, bpf_get_current_task_btf(), KIND_DNS);
  /* An answer arrives in whatever process runs just then: only the socket's cgroup says whose it is. */
  u64 id = bpf_skb_cgroup_id(packet);
  struct container_name *name = bpf_map_lookup_elem(&containers, &id);
  r->cgroup = id;
  __builtin_memset(r->container, 0, sizeof r->container);
  if (name && name->id[0]) __builtin_memcpy(r->container, name->id, 12);
  if (answer) { r->pid = r->tid = r->ppid = 0; __builtin_memset(r->comm, 0, sizeof r->comm); }
  r->arg0 = answer;
  if (length > LONGEST) { length = LONGEST; r->flags |= FLAG_CUT; }
  u32 at = s->used;
  if (length < 12 || at > MAX_RECORD - MAX_FIELD - 4) return;
  if (bpf_skb_load_bytes(packet, from, s->record + at + 4, length) < 0) return;
  *(u16 *)(s->record + at) = TAG_DNS;
  *(u16 *)(s->record + at + 2) = length;
  s->used = at + 4 + length;
  send_record(s);
}

SEC("cgroup_skb/egress") int dns_egress(struct __sk_buff *packet) { dns(packet, 0); return 1; }
SEC("cgroup_skb/ingress") int dns_ingress(struct __sk_buff *packet) { dns(packet, 1); return 1; }
