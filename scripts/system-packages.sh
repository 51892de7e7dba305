#!/bin/sh
# Installs those packages of scripts/system-packages.txt that are missing, through apt when root.
# Without root or apt it says what is missing and goes on: what needs it reports the gap itself.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
say() { printf 'palisade: %s\n' "$*"; }
list=${1:-$root/scripts/system-packages.txt}

wanted=$(sed -e 's/#.*//' -e 's/[[:space:]]*$//' "$list" | grep -v '^$' || true)
command -v dpkg-query >/dev/null 2>&1 || { say "not a Debian or Ubuntu machine; needed here: $(echo $wanted)"; exit 0; }
missing=
for package in $wanted; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
  say "system packages are missing, and only root can install them:$missing"
  exit 0
fi
say "installing system packages:$missing"
# A package's service must not start by itself: the tests run engines of their own.
policy=/usr/sbin/policy-rc.d
made=
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod 755 "$policy" && made=1
fi
log=$(mktemp)
status=0
{ apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing; } > "$log" 2>&1 || status=$?
[ -z "$made" ] || rm -f "$policy"
if [ "$status" != 0 ]; then
  say 'apt-get failed:'
  tail -n 20 "$log"
fi
rm -f "$log"
exit "$status"
