#!/bin/sh
# A whole session of revision 2025-11-25 over HTTP: opening, a list, a call, the end.
#
#   session.sh CAPTURE [URL]
#
# The token is taken from MCPCAP_AUTH_TOKEN.
set -eu
capture=$1
url=${2:-http://127.0.0.1:8080/mcp}
headers=$(mktemp)
trap 'rm -f "$headers"' EXIT

# Sends a message and prints the answer, which comes as JSON or as the data of an event stream.
send() {
    body=$1
    shift
    answer=$(curl --silent --show-error --fail-with-body "$url" "$@" --dump-header "$headers" --data "$body" \
        --header "Authorization: Bearer ${MCPCAP_AUTH_TOKEN:-}" \
        --header 'Content-Type: application/json' \
        --header 'Accept: application/json, text/event-stream') || { printf '%s\n' "$answer" >&2; exit 1; }
    printf '%s\n' "$answer" | sed -n -e '/^{/p' -e 's/^data: \(.\)/\1/p'
}

send '{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25", "capabilities": {},
       "clientInfo": {"name": "session.sh", "version": "1"}}}'
session=$(sed -n 's/^mcp-session-id: *\([!-~]*\).*/\1/Ip' "$headers")

# From here on, each request names the session and the revision that was agreed on.
next() {
    send "$1" --header "Mcp-Session-Id: $session" --header 'MCP-Protocol-Version: 2025-11-25'
}

next '{"jsonrpc": "2.0", "method": "notifications/initialized"}'
next '{"jsonrpc": "2.0", "id": 2, "method": "prompts/list"}'
next '{"jsonrpc": "2.0", "id": 3, "method": "tools/call",
       "params": {"name": "analyze_capinfos", "arguments": {"pcap_file": "'"$capture"'", "max_chars": 2000}}}'

# Servers with --stateless give no session, and so have none to end.
[ -z "$session" ] || curl --silent --show-error --fail --request DELETE "$url" --header "Authorization: Bearer ${MCPCAP_AUTH_TOKEN:-}" \
    --header "Mcp-Session-Id: $session" --header 'MCP-Protocol-Version: 2025-11-25'
