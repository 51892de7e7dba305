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
void attach_calls(struct sensor *sensor);
size_t attached_calls(void);
const char *missing_calls(void);
const char *untraced_calls(void);
u32 sets_of_call(u16 kind);

/* prefixes.c */
int add_prefix(const char *text);
int load_prefixes(struct sensor *sensor);
bool decide(struct record *record, u32 asked);

/* parts.c: which programs there are, and what the kernel made of them. */
struct bpf_link;
struct sensor *load_parts(const char *pins);
struct bpf_link *note_part(const char *name, struct bpf_link *link);
void want_part(const char *name, bool wanted);
bool has_part(const char *name);
size_t describe_parts(char *text, size_t size);
void pin_map_paths(struct sensor *sensor, const char *pins);

/* fanotify.c */
int start_exec_denial(void);
int ask_exec_denial(const struct request *request);
void watch_exec_denial(void);

/* hold.c */
void watch_holds(struct sensor *sensor);
int set_hold(struct sensor *sensor, const struct request *request, bool add);
int release_held(struct sensor *sensor, const struct request *request);
void end_holds(struct sensor *sensor);

/* out.c: records to standard output. */
int out_record(void *context, void *data, size_t size);
int out_flush(void);
void out_status(u64 id, s64 result, const char *text);
void out_tagged(struct record *header, u16 tag, const char *text);
void out_own(struct record *header, const char *text);
u64 boot_time(void);
void out_loss(u64 ring, u64 skipped);

/* requests.c */
int take_requests(struct sensor *sensor);
bool gives_up_pins(void);
bool started_then(u32 pid, u64 start);
int signal_process(u32 pid, u64 start, u32 number);

/* mounts.c */
int prepare_pins(const char *pins, bool try);
int prepare_mounts(void);
int unpin(const char *pins);

/* isolate.c */
int attach_isolation(struct sensor *sensor, const char *pins);
int attach_dns(struct sensor *sensor);

/* privileges.c */
int drop_privileges(void);
int keep_exec_denial_privileges(void);
int keep_front_privileges(void);
int keep_agent_privileges(void);
int keep_no_privileges(u32 user);

/* supervise.c */
int supervise(char **program);
int ask_supervisor(int count, char **arguments);

/* front.c */
int front(int count, char **arguments);

/* probe.c */
int probe(void);
const char *cgroup_mode(void);
#endif
