/* Paths that rules read about, from the command line: "/etc/" covers all below it, "/etc/pass" what begins so; a digit
 * before names the set a call asks for. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include "warden.h"
#include "sensor.skel.h"

#define MOST 1024
static struct { u32 sets; u32 length; char path[PREFIX]; } given[MOST];
static size_t count;

int add_prefix(const char *text) {
  u32 set = 0;
  if (text[0] >= '0' && text[0] <= '9') set = (u32)(*text++ - '0');
  size_t length = strlen(text);
  if (text[0] != '/') return -EINVAL;
  if (length > PREFIX) return -ENAMETOOLONG;
  if (count == MOST) return -E2BIG;
  given[count].sets = 1u << set;
  given[count].length = (u32)length;
  memcpy(given[count++].path, text, length);
  return 0;
}

/* The map answers with the longest prefix alone, so each carries the sets of those it lies below. */
int load_prefixes(struct sensor *sensor) {
  for (size_t i = 0; i < count; i++) {
    struct { u32 bits; char path[PREFIX]; } key = {.bits = given[i].length * 8};
    u32 sets = 0, some = 0;
    for (size_t other = 0; other < count; other++) {
      if (given[other].length <= given[i].length && memcmp(given[other].path, given[i].path, given[other].length) == 0) sets |= given[other].sets;
    }
    memcpy(key.path, given[i].path, given[i].length);
    if (bpf_map_update_elem(bpf_map__fd(sensor->maps.prefixes), &key, &sets, BPF_ANY) != 0) return -errno;
    /* The folder whose files only partly match: what the prefix begins a name of. */
    char folder[PREFIX] = {0};
    size_t end = given[i].length;
    while (end > 0 && given[i].path[end - 1] != '/') end--;
    if (end == given[i].length) continue;
    memcpy(folder, given[i].path, end);
    int fd = bpf_map__fd(sensor->maps.folders);
    if (bpf_map_lookup_elem(fd, folder, &some) != 0) some = 0;
    some |= given[i].sets;
    if (bpf_map_update_elem(fd, folder, &some, BPF_ANY) != 0) return -errno;
  }
  return (int)count;
}
