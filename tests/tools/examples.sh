#!/usr/bin/env bash
# Builds each example analyzer and a project of each template with their own tools, runs their tests, checks them in the sandbox, and compares the
# examples' reports.
set -euo pipefail
MCPCAP=$1
export MCPCAP
root=$(cd "$(dirname "$0")/../.." && pwd)

try() {
    echo "== $1"
    make --no-print-directory -C "$1" all
    make --no-print-directory -C "$1" test
    make --no-print-directory -C "$1" check
}

for example in banners c javascript python; do
    try "$root/examples/analyzers/$example"
done
"$root/examples/analyzers/same.py" "$MCPCAP"

projects=$(mktemp -d)
trap 'rm -rf "$projects"' EXIT
for language in rust c javascript python; do
    "$MCPCAP" analyzer new "my-$language" --language "$language" --path "$projects/$language" >/dev/null
    try "$projects/$language"
done
