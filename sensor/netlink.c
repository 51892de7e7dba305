/* Two small conversations with the kernel, in the network namespace that the socket was opened in: the routing rule that
 * brings answers meant for a client to the worker that asked in its name, and the set whose element says that a worker
 * is well. Everything else about rules is nft's own text (sites.c). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "front.h"

#define ANSWER 1000 /* ms that the kernel may take */

struct message { _Alignas(8) u8 bytes[1024]; size_t size; };

static struct nlmsghdr *begin(struct message *message, u16 type, u16 flags, const void *header, size_t size) {
  struct nlmsghdr *at = (void *)(message->bytes + message->size);
  memset(at, 0, NLMSG_SPACE(size));
  *at = (struct nlmsghdr){.nlmsg_len = (u32)NLMSG_LENGTH(size), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags};
  memcpy(NLMSG_DATA(at), header, size);
  message->size += NLMSG_SPACE(size);
  return at;
}

static struct nlattr *put(struct message *message, struct nlmsghdr *of, u16 type, const void *data, size_t size) {
  struct nlattr *at = (void *)(message->bytes + message->size);
  memset(at, 0, NLA_ALIGN(NLA_HDRLEN + size));
  *at = (struct nlattr){.nla_len = (u16)(NLA_HDRLEN + size), .nla_type = type};
  if (size) memcpy((u8 *)at + NLA_HDRLEN, data, size);
  message->size += NLA_ALIGN(NLA_HDRLEN + size);
  of->nlmsg_len = (u32)(message->bytes + message->size - (u8 *)of);
  return at;
}

static void end(struct message *message, struct nlattr *nest) { nest->nla_len = (u16)(message->bytes + message->size - (u8 *)nest); }

/* The first error of `acks` acknowledgements; 0 when all are fine. */
static int converse(int socket, const struct message *message, int acks) {
  if (send(socket, message->bytes, message->size, 0) < 0) return -errno;
  int result = 0;
  while (acks > 0) {
    struct pollfd wait = {.fd = socket, .events = POLLIN};
    _Alignas(8) u8 answer[4096];
    if (poll(&wait, 1, ANSWER) <= 0) return -ETIMEDOUT;
    ssize_t got = recv(socket, answer, sizeof answer, 0);
    if (got < 0) return -errno;
    for (struct nlmsghdr *at = (void *)answer; NLMSG_OK(at, (size_t)got); at = NLMSG_NEXT(at, got)) {
      if (at->nlmsg_type != NLMSG_ERROR) continue;
      acks--;
      int error = ((struct nlmsgerr *)NLMSG_DATA(at))->error;
      if (error && !result) result = error;
      /* A batch that failed is answered for the message that failed alone. */
      if (error) acks = 0;
    }
  }
  while (recv(socket, (u8[4096]){0}, 4096, MSG_DONTWAIT) > 0) continue;
  return result;
}

static int ask(int socket, struct message *message) {
  int error = converse(socket, message, 1);
  return error == -EEXIST ? 0 : error;
}

static int one_family(int socket, u8 family, bool add) {
  u32 mark = MARK, table = ROUTES, loopback = if_nametoindex("lo");
  u16 flags = add ? NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL : NLM_F_ACK;
  struct message rule = {.size = 0}, route = {.size = 0};
  struct fib_rule_hdr about = {.family = family, .action = FR_ACT_TO_TBL};
  struct nlmsghdr *of = begin(&rule, add ? RTM_NEWRULE : RTM_DELRULE, flags, &about, sizeof about);
  put(&rule, of, FRA_FWMARK, &mark, sizeof mark);
  put(&rule, of, FRA_TABLE, &table, sizeof table);
  struct rtmsg way = {.rtm_family = family, .rtm_table = RT_TABLE_UNSPEC, .rtm_type = RTN_LOCAL, .rtm_scope = RT_SCOPE_HOST, .rtm_protocol = RTPROT_STATIC};
  of = begin(&route, add ? RTM_NEWROUTE : RTM_DELROUTE, flags, &way, sizeof way);
  put(&route, of, RTA_TABLE, &table, sizeof table);
  put(&route, of, RTA_OIF, &loopback, sizeof loopback);
  int error = ask(socket, &route);
  return error ? error : ask(socket, &rule);
}

/* Answers with our mark are for this machine, whoever they are addressed to. `six` becomes false where the namespace has
 * no IPv6 (-EACCES: it is switched off there). */
int route_answers_home(bool add, bool *six) {
  int routing = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (routing < 0) return -errno;
  int error = one_family(routing, AF_INET, add);
  int second = *six ? one_family(routing, AF_INET6, add) : 0;
  if (second == -EACCES || second == -EAFNOSUPPORT || second == -EOPNOTSUPP) {
    *six = false;
    second = 0;
  }
  close(routing);
  return error ? error : second;
}

int open_rules(void) {
  int rules = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  return rules < 0 ? -errno : rules;
}

static void element(struct message *message, u16 type, u16 flags, u16 port, u64 milliseconds) {
  struct nfgenmsg about = {.nfgen_family = NFPROTO_INET};
  u16 key = htons(port);
  u64 lifetime = htobe64(milliseconds);
  char table[32];
  int length = snprintf(table, sizeof table, "palisade_waf_%u", port);
  struct nlmsghdr *of = begin(message, NFNL_SUBSYS_NFTABLES << 8 | type, flags, &about, sizeof about);
  put(message, of, NFTA_SET_ELEM_LIST_TABLE, table, (size_t)length + 1);
  put(message, of, NFTA_SET_ELEM_LIST_SET, "taken", sizeof "taken");
  struct nlattr *list = put(message, of, NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED, NULL, 0);
  struct nlattr *one = put(message, of, NFTA_LIST_ELEM | NLA_F_NESTED, NULL, 0);
  struct nlattr *value = put(message, of, NFTA_SET_ELEM_KEY | NLA_F_NESTED, NULL, 0);
  put(message, of, NFTA_DATA_VALUE, &key, sizeof key);
  end(message, value);
  if (type == NFT_MSG_NEWSETELEM && milliseconds) put(message, of, NFTA_SET_ELEM_TIMEOUT, &lifetime, sizeof lifetime);
  end(message, one);
  end(message, list);
}

/* The port is redirected for that long from now (0: until told otherwise). Older kernels don't lengthen the life of an
 * element that is there: it is taken out and put in again, in one transaction. */
int open_set(int rules, u16 port, u64 milliseconds) {
  int error = -ENOENT;
  for (int again = 1; again >= 0 && error == -ENOENT; again--) {
    struct message batch = {.size = 0};
    struct nfgenmsg about = {.nfgen_family = AF_UNSPEC, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
    begin(&batch, NFNL_MSG_BATCH_BEGIN, 0, &about, sizeof about);
    if (again) element(&batch, NFT_MSG_DELSETELEM, NLM_F_ACK, port, 0);
    element(&batch, NFT_MSG_NEWSETELEM, NLM_F_ACK | NLM_F_CREATE, port, milliseconds);
    begin(&batch, NFNL_MSG_BATCH_END, 0, &about, sizeof about);
    error = converse(rules, &batch, again ? 2 : 1);
  }
  return error;
}
