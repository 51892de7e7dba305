#ifndef PALISADE_WARDEN_H
#define PALISADE_WARDEN_H
#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;
#include "record.h"
#include "request.h"

struct sensor;

/* calls.c: which syscalls are recorded. */
int add_call(struct sensor *sensor, const char *text);
bool attach_calls(struct sensor *sensor);
size_t attached_calls(void);
const char *missing_calls(void);
u32 sets_of_call(u16 kind);

/* prefixes.c */
int add_prefix(const char *text);
int load_prefixes(struct sensor *sensor);
bool decide(struct record *record, u32 asked);

/* out.c: records to standard output. */
int out_record(void *context, void *data, size_t size);
int out_flush(void);
void out_status(u64 id, s64 result, const char *text);
void out_loss(u64 ring, u64 skipped);

/* requests.c */
int take_requests(struct sensor *sensor);

/* mounts.c */
int prepare_mounts(const char *pins);

/* isolate.c */
int attach_isolation(struct sensor *sensor, const char *pins);
int attach_dns(struct sensor *sensor);

/* privileges.c */
int drop_privileges(void);

/* probe.c */
int probe(void);
#endif
