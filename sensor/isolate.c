/* Attaches the isolation programs to the root of the unified hierarchy, and pins them beside the guard. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "warden.h"
#include "sensor.skel.h"

static int unified_root(void) {
  FILE *mounts = setmntent("/proc/self/mounts", "re");
  int fd = -ENOENT;
  for (struct mntent *entry; mounts && (entry = getmntent(mounts));) {
    if (strcmp(entry->mnt_type, "cgroup2") != 0) continue;
    fd = open(entry->mnt_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    break;
  }
  if (mounts) endmntent(mounts);
  return fd;
}

/* Questions and answers of DNS; not pinned, since nobody reads them when the warden is gone. */
int attach_dns(struct sensor *sensor) {
  u32 zero = 0, one = 1;
  int root = unified_root();
  if (root < 0) return root;
  bpf_map_update_elem(bpf_map__fd(sensor->maps.dns_wanted), &zero, &one, BPF_ANY);
  bool egress = has_part("dns_egress") && note_part("dns_egress", bpf_program__attach_cgroup(sensor->progs.dns_egress, root));
  bool ingress = has_part("dns_ingress") && note_part("dns_ingress", bpf_program__attach_cgroup(sensor->progs.dns_ingress, root));
  close(root);
  return egress && ingress ? 0 : -EOPNOTSUPP;
}

/* 0, or -errno where this kernel or engine does not allow it: then isolation is reported as missing, not pretended. */
int attach_isolation(struct sensor *sensor, const char *pins) {
  struct bpf_program *programs[] = {sensor->progs.isolate_connect4, sensor->progs.isolate_connect6, sensor->progs.isolate_sendmsg4,
                                    sensor->progs.isolate_sendmsg6, sensor->progs.isolate_egress, sensor->progs.isolate_ingress};
  int root = unified_root();
  if (root < 0) return root;
  int error = 0;
  for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
    const char *name = bpf_program__name(programs[i]);
    struct bpf_link *link = has_part(name) ? note_part(name, bpf_program__attach_cgroup(programs[i], root)) : NULL;
    if (!link) { error = -EOPNOTSUPP; continue; }
    if (!pins) continue;
    char path[256];
    snprintf(path, sizeof path, "%s/%s", pins, bpf_program__name(programs[i]));
    unlink(path);
    if (bpf_link__pin(link, path) != 0) error = -errno;
  }
  close(root);
  return error;
}
