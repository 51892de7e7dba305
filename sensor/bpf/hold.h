/* One held container, as kernel side and warden see it. */
#ifndef PALISADE_HOLD_H
#define PALISADE_HOLD_H
#include "../record.h"
#include "../request.h"

struct held {
  struct bpf_timer timer;
  u64 deadline; /* ns since boot */
  u64 start;
  u32 pid;
  u32 outcome; /* HOLD_* */
  u32 state;   /* HELD_* */
  u32 pad;
};
#endif
