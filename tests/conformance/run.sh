#!/usr/bin/env bash
# Runs the official conformance suite of MCP against the program over HTTP, for each revision that the suite knows.
# What is expected to fail stands in expected-*.yml, with the reason; anything else that fails, or passes although it is expected to fail, is an error.
#
#   tests/conformance/run.sh [PROGRAM]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
program=$(realpath "${1:-$root/target/release/mcpcap}")
work=$root/target/conformance
mkdir -p "$work"
cp "$here/package.json" "$here/package-lock.json" "$work/"
(cd "$work" && npm ci --no-audit --no-fund --loglevel=error)
# The suite wants Node 22, which systems may lack.
export PATH=$work/node_modules/.bin:$PATH

port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
"$program" --transport http --port "$port" --root "$root/examples/captures" --audit-log "$work/audit.log" 2>"$work/server.log" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
until "$program" healthcheck "http://127.0.0.1:$port/healthz" 2>/dev/null; do
    kill -0 "$server" || { cat "$work/server.log"; exit 1; }
    sleep 0.1
done

failed=0
for revision in 2026-07-28 2025-11-25 2025-06-18; do
    echo "Revision $revision"
    (cd "$work" && conformance server --url "http://127.0.0.1:$port/mcp" --suite all --spec-version "$revision" \
        --expected-failures "$here/expected-$revision.yml" >"$revision.log" 2>&1) || failed=1
    sed -n '/SUMMARY/,$p' "$work/$revision.log"
done
exit "$failed"
