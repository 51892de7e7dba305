#!/bin/sh
# Builds the eBPF sensor where a compiler is present.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
[ -f "$root/sensor/Makefile" ] || { echo 'palisade: no sensor sources yet'; exit 0; }
make -s -C "$root/sensor"
