/* Records to the reader over a pipe, gathered: one write a batch. A full pipe blocks, the ring then fills, and what no
 * longer fits is counted in the kernel: nothing is lost uncounted. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "warden.h"

static _Alignas(8) u8 buffer[256 * 1024];
static size_t used;

int out_flush(void) {
  size_t from = 0;
  while (from < used) {
    ssize_t wrote = write(STDOUT_FILENO, buffer + from, used - from);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return -errno;
    from += (size_t)wrote;
  }
  used = 0;
  return 0;
}

int out_record(void *context, void *data, size_t size) {
  (void)context;
  if (used + size > sizeof buffer) {
    int failed = out_flush();
    if (failed) return failed;
  }
  memcpy(buffer + used, data, size);
  struct record header;
  memcpy(&header, data, sizeof header);
  if ((header.flags & FLAG_UNDECIDED) && !decide((struct record *)(buffer + used), sets_of_call(header.kind))) return 0;
  used += size;
  return 0;
}

u64 boot_time(void) {
  struct timespec time;
  clock_gettime(CLOCK_BOOTTIME, &time);
  return (u64)time.tv_sec * 1000000000 + (u64)time.tv_nsec;
}

void out_tagged(struct record *header, u16 tag, const char *text) {
  u8 bytes[sizeof *header + 4 + MAX_FIELD];
  size_t length = strlen(text);
  if (length > MAX_FIELD) length = MAX_FIELD;
  u16 field[2] = {tag, (u16)length};
  header->time = boot_time();
  header->size = (u32)(sizeof *header + 4 + length);
  memcpy(bytes, header, sizeof *header);
  memcpy(bytes + sizeof *header, field, 4);
  memcpy(bytes + sizeof *header + 4, text, length);
  out_record(NULL, bytes, header->size);
}

void out_own(struct record *header, const char *text) { out_tagged(header, TAG_TEXT, text); }

void out_status(u64 id, s64 result, const char *text) {
  struct record header = {.kind = KIND_STATUS, .arg0 = id, .result = result};
  out_own(&header, text);
}

void out_loss(u64 ring, u64 skipped) {
  struct record header = {.kind = KIND_LOSS, .arg0 = ring, .arg1 = skipped};
  out_own(&header, "");
}
