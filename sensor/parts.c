/* Loads the programs one and all, or all but those the kernel refuses: each is named with its reason in the capability
 * table, which the agent shows as gaps. */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "warden.h"
#include "sensor.skel.h"

enum state { UNUSED, LOADED, ATTACHED, REFUSED };
static struct part { const char *name, *family, *use; bool wanted; enum state state; int error; char reason[120]; } parts[] = {
#define PART(name, family, use, wanted) {#name, #family, use, wanted, UNUSED, 0, ""},
#include "parts.h"
#undef PART
};
#define COUNT (sizeof parts / sizeof parts[0])
static struct part *blamed;

static struct part *find(const char *name, size_t length) {
  for (size_t i = 0; i < COUNT; i++) if (strlen(parts[i].name) == length && memcmp(parts[i].name, name, length) == 0) return &parts[i];
  return NULL;
}

/* libbpf names the program it failed on only in words: "prog 'on_exec': BPF program load failed: …". */
static int listen(enum libbpf_print_level level, const char *format, va_list list) {
  char text[512];
  va_list copy;
  va_copy(copy, list);
  vsnprintf(text, sizeof text, format, copy);
  va_end(copy);
  if (level == LIBBPF_WARN && getenv("PALISADE_DEBUG")) vfprintf(stderr, format, list);
  char *from = strstr(text, "prog '"), *to = from ? strchr(from + 6, '\'') : NULL;
  if (level != LIBBPF_WARN || !to || blamed) return 0;
  blamed = find(from + 6, (size_t)(to - from - 6));
  if (!blamed) return 0;
  const char *why = to[1] == ':' ? to + 3 : to + 1;
  size_t length = strcspn(why, "\n");
  if (length >= sizeof blamed->reason) length = sizeof blamed->reason - 1;
  /* It goes into JSON as it is. */
  for (size_t i = 0; i < length; i++) blamed->reason[i] = why[i] < 32 || why[i] == '"' || why[i] == '\\' || why[i] > 126 ? ' ' : why[i];
  return 0;
}

void want_part(const char *name, bool wanted) {
  struct part *part = find(name, strlen(name));
  if (part) part->wanted = wanted;
}

bool has_part(const char *name) {
  struct part *part = find(name, strlen(name));
  return part && (part->state == LOADED || part->state == ATTACHED);
}

static void refuse(struct part *part, int error) {
  part->state = REFUSED;
  part->error = -error;
  if (!part->reason[0]) snprintf(part->reason, sizeof part->reason, "%s", strerror(-error));
  if (strcmp(part->name, "on_hold") == 0) want_part("on_hold_plain", true);
}

/* NULL and errno where not one program could be loaded. */
struct sensor *load_parts(const char *pins) {
  libbpf_set_print(listen);
  for (size_t attempt = 0; attempt <= COUNT; attempt++) {
    struct sensor *sensor = sensor__open();
    if (!sensor) return NULL;
    size_t asked = 0;
    for (size_t i = 0; i < COUNT; i++) {
      struct bpf_program *program = bpf_object__find_program_by_name(sensor->obj, parts[i].name);
      bool load = parts[i].wanted && parts[i].state != REFUSED;
      asked += load;
      if (program) bpf_program__set_autoload(program, load);
    }
    if (pins) pin_map_paths(sensor, pins);
    blamed = NULL;
    int error = asked ? sensor__load(sensor) : -EPERM;
    if (error == 0) {
      for (size_t i = 0; i < COUNT; i++) if (parts[i].wanted && parts[i].state != REFUSED) parts[i].state = LOADED;
      return sensor;
    }
    sensor__destroy(sensor);
    errno = -error;
    if (!blamed || blamed->state == REFUSED) return NULL;
    refuse(blamed, error);
  }
  return NULL;
}

/* Notes what came of attaching; `link` is NULL with errno where the kernel refused. */
struct bpf_link *note_part(const char *name, struct bpf_link *link) {
  int error = errno;
  struct part *part = find(name, strlen(name));
  if (part && link) part->state = ATTACHED;
  else if (part) refuse(part, -(error ? error : EINVAL));
  return link;
}

size_t describe_parts(char *text, size_t size) {
  static const char *const states[] = {"unused", "loaded", "attached", "refused"};
  size_t used = 0;
  for (size_t i = 0; i < COUNT && used < size; i++) {
    used += (size_t)snprintf(text + used, size - used, "%s{\"name\":\"%s\",\"family\":\"%s\",\"state\":\"%s\"", i ? "," : "", parts[i].name, parts[i].family, states[parts[i].state]);
    if (parts[i].state == REFUSED && used < size) used += (size_t)snprintf(text + used, size - used, ",\"use\":\"%s\",\"errno\":%d,\"reason\":\"%s\"", parts[i].use, parts[i].error, parts[i].reason);
    if (used < size) used += (size_t)snprintf(text + used, size - used, "}");
  }
  return used < size ? used : size - 1;
}
