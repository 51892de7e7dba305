#!/bin/sh
# Starts the product: installs and builds what is missing, then runs console and agent until Ctrl-C.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
sh "$root/scripts/prepare.sh"
exec "$root/palisade" up
