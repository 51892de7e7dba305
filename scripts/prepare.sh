#!/bin/sh
# Installs npm packages when they are missing or older than the lock file, and builds dist/.
# Says what it does; one at a time.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
say() { printf 'palisade: %s\n' "$*"; }

lock=$root/.prepare.lock
if command -v flock >/dev/null 2>&1 && [ "${PALISADE_PREPARING:-}" != 1 ]; then
  PALISADE_PREPARING=1 exec flock "$lock" sh "$0" "$@"
fi

stamp=node_modules/.palisade-installed
if [ ! -f "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
  command -v npm >/dev/null 2>&1 || { say 'npm is missing: install Node.js 20 or newer (with npm) first'; exit 2; }
  say 'installing npm packages (first use; about a minute)'
  # Not `npm ci`: it refuses a lock file made where a registry lacked some other platform's optional package.
  # `--no-save` keeps to the lock file's versions and hashes all the same, and leaves it unchanged.
  npm install --no-save --no-audit --no-fund --loglevel=error || { say 'npm install failed: see above'; exit 2; }
  : > "$stamp"
fi
if [ "${1:-}" != --no-build ]; then
  say 'building'
  sh scripts/node.sh scripts/build.ts
fi
