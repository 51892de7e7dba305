/* Which opened paths rules ask for, from the command line: "/etc/" covers all below it, "/etc/pass" what begins so,
 * "*id_rsa" what has that in it; a digit before names the set a call asks for. */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include "warden.h"
#include "sensor.skel.h"

#define MOST 1024
static struct { u32 sets; u32 length; bool anywhere; char text[PREFIX]; } given[MOST];
static size_t count;
static int decisions;

int add_prefix(const char *text) {
  u32 set = 0;
  bool anywhere;
  if (text[0] >= '0' && text[0] <= '9') set = (u32)(*text++ - '0');
  anywhere = text[0] == '*';
  text += anywhere;
  size_t length = strlen(text);
  if (length == 0 || (!anywhere && text[0] != '/')) return -EINVAL;
  if (length > PREFIX) return -ENAMETOOLONG;
  if (count == MOST) return -E2BIG;
  given[count].sets = 1u << set;
  given[count].length = (u32)length;
  given[count].anywhere = anywhere;
  memcpy(given[count++].text, text, length);
  return 0;
}

static bool begins(const char *path, size_t length, size_t with) {
  return !given[with].anywhere && given[with].length <= length && memcmp(given[with].text, path, given[with].length) == 0;
}

static u32 sets_of(const char *path, size_t length) {
  u32 sets = 0;
  for (size_t i = 0; i < count; i++) {
    if (given[i].anywhere ? memmem(path, length, given[i].text, given[i].length) != NULL : begins(path, length, i)) sets |= given[i].sets;
  }
  return sets;
}

/* The folder whose files only partly match: what the prefix begins a name of. */
static int add_folder(int fd, size_t index) {
  char folder[PREFIX] = {0};
  size_t end = given[index].length;
  u32 some = 0;
  while (end > 0 && given[index].text[end - 1] != '/') end--;
  if (end == given[index].length) return 0;
  memcpy(folder, given[index].text, end);
  if (bpf_map_lookup_elem(fd, folder, &some) != 0) some = 0;
  some |= given[index].sets;
  return bpf_map_update_elem(fd, folder, &some, BPF_ANY) != 0 ? -errno : 0;
}

int load_prefixes(struct sensor *sensor) {
  decisions = bpf_map__fd(sensor->maps.decisions);
  for (size_t i = 0; i < count; i++) {
    struct { u32 bits; char path[PREFIX]; } key = {.bits = given[i].length * 8};
    u32 sets = 0;
    if (given[i].anywhere) { sensor->bss->texts |= given[i].sets; continue; }
    /* The map answers with the longest prefix alone, so each carries the sets of those it lies below. */
    for (size_t other = 0; other < count; other++) if (begins(given[i].text, given[i].length, other)) sets |= given[other].sets;
    memcpy(key.path, given[i].text, given[i].length);
    if (bpf_map_update_elem(bpf_map__fd(sensor->maps.prefixes), &key, &sets, BPF_ANY) != 0) return -errno;
    int failed = add_folder(bpf_map__fd(sensor->maps.folders), i);
    if (failed) return failed;
  }
  return (int)count;
}

/* A path the kernel could not decide: said once, then it can. False: no rule asks for this one. */
bool decide(struct record *record, u32 asked) {
  const u8 *at = (const u8 *)(record + 1), *end = (const u8 *)record + record->size;
  const char *path = NULL;
  struct path_key key;
  size_t length = 0;
  bool keyed = false;
  while (end - at >= 4) {
    u16 field[2];
    memcpy(field, at, 4);
    at += 4;
    if (field[1] > end - at) break;
    if (field[0] == TAG_RETURN_FILE) { path = (const char *)at; length = field[1]; }
    if (field[0] == TAG_KEY && field[1] == sizeof key) { memcpy(&key, at, sizeof key); keyed = true; }
    at += field[1];
  }
  bool cut = (record->flags & (FLAG_CUT | FLAG_UNREADABLE)) != 0;
  record->flags &= (u16)~FLAG_UNDECIDED;
  if (!path || cut || !keyed) return true;
  struct decision decision = {.all = sets_of(path, length)};
  bpf_map_update_elem(decisions, &key, &decision, BPF_ANY);
  return (decision.all & asked) != 0;
}
