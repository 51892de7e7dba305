#!/bin/sh
# Runs the pinned Node 24 with the given arguments, whatever Node is installed on the machine.
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
for candidate in "$root"/node_modules/node-linux-*/bin/node; do
  [ -x "$candidate" ] && exec "$candidate" "$@"
done
echo "palisade: the pinned Node is missing; run 'npm ci' first" >&2
exit 2
