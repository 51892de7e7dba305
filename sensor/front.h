/* `warden front`: firewall workers in front of containers' ports. */
#ifndef PALISADE_FRONT_H
#define PALISADE_FRONT_H
#include <poll.h>
#include <sys/types.h>
#include "warden.h"

#define SITES 256
#define WORKERS 64
#define MARK 0x50414c /* of packets to the application, and of its answers */
#define ROUTES 20556  /* routing table and conntrack zone of those */

struct site {
  bool used;
  bool served;       /* a worker said so within the last second */
  char name[SITE];
  u16 port;          /* the application's */
  u16 worker_port;
  u32 flags;
  int network;       /* the namespace */
  u64 inode;
  int rules;         /* netlink socket inside it */
  int listeners[2];  /* v4, v6 or -1 */
  u64 heard;         /* ns since boot */
  u64 refreshed;
  u64 closing;       /* 0, or since when */
  u32 gone;          /* workers whose last connection has ended since */
};

/* sites.c: what is done inside a container's network namespace. All answer 0 or -errno. */
int open_site(struct site *site, u32 pid, u64 start);
int open_upstream(const struct site *site, u32 family);
int refresh_site(struct site *site);
int stop_redirecting(const struct site *site);
int clear_site(const struct site *site, bool last);
int clear_left_over(u32 pid, u64 start, u16 port);
void forget_site(struct site *site);

/* netlink.c */
int route_answers_home(bool add, bool *six);
int open_set(int rules, u16 port, u64 milliseconds);
int open_rules(void);

/* workers.c */
int start_workers(u32 count, u32 user, char **program);
void watch_workers(void);
void end_workers(void);
size_t worker_waits(struct pollfd *waits);
void tell_workers(const char *word, const struct site *site);
void reload_workers(void);
u32 running_workers(void);

/* front.c */
struct site *site_at(size_t index);
struct site *site_named(const char *name);
void heard_of_site(struct site *site);
#endif
