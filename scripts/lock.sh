#!/bin/sh
# Writes package-lock.json anew from the manifests alone. npm prunes other platforms' optional packages from the
# lock file when it edits one beside an installed tree (npm/cli#4828); without a tree it keeps them.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
cd "$root"
find . -name package.json -not -path '*/node_modules/*' -not -path './dist/*' | while read -r file; do
  mkdir -p "$fresh/$(dirname "$file")"
  cp "$file" "$fresh/$file"
done
cp .npmrc "$fresh/"
(cd "$fresh" && npm install --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error)
cp "$fresh/package-lock.json" package-lock.json
