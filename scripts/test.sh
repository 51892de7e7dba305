#!/bin/sh
# The whole check, one door: set-up, types, lint, import direction, unused exports, unit, conformance, e2e.
# Every step runs even when an earlier one failed; the last line is the test runner's own tally.
set -u
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root" || exit 2
say() { printf '\n== %s\n' "$*"; }
failed=

step() {
  name=$1
  shift
  say "$name"
  started=$(date +%s)
  if "$@"; then printf '   %s: fine, %s s\n' "$name" "$(($(date +%s) - started))"; else
    printf '   %s: FAILED, %s s\n' "$name" "$(($(date +%s) - started))"
    failed="$failed $name"
  fi
}

say 'set-up'
sh scripts/system-packages.sh || exit 2
sh scripts/prepare.sh || exit 2

step 'sensor' sh scripts/build-sensor.sh
step 'types' npm run -s types
step 'lint' npm run -s lint
step 'import direction' npm run -s imports
step 'unused exports' npm run -s unused
step 'tests' sh scripts/node.sh node_modules/vitest/vitest.mjs run

if [ -n "$failed" ]; then
  printf '\npalisade: failed:%s\n' "$failed" >&2
  exit 1
fi
