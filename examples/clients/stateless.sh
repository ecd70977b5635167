#!/bin/sh
# One request of revision 2026-07-28 over HTTP, which has no sessions: each says all that is needed to answer it.
#
#   stateless.sh CAPTURE [URL]
#
# The token is taken from MCPCAP_AUTH_TOKEN.
set -eu
capture=$1
url=${2:-http://127.0.0.1:8080/mcp}

# Method and name stand in headers too, so that a proxy can route requests without reading them.
answer=$(curl --silent --show-error --fail-with-body "$url" \
    --header "Authorization: Bearer ${MCPCAP_AUTH_TOKEN:-}" \
    --header 'Content-Type: application/json' \
    --header 'Accept: application/json, text/event-stream' \
    --header 'MCP-Protocol-Version: 2026-07-28' \
    --header 'Mcp-Method: tools/call' \
    --header 'Mcp-Name: analyze_capinfos' \
    --data '{
      "jsonrpc": "2.0", "id": 1, "method": "tools/call",
      "params": {
        "name": "analyze_capinfos", "arguments": {"pcap_file": "'"$capture"'", "max_chars": 2000},
        "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
      }
    }') || { printf '%s\n' "$answer" >&2; exit 1; }
printf '%s\n' "$answer" | sed -n -e '/^{/p' -e 's/^data: \(.\)/\1/p'
