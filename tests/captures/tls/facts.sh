#!/bin/sh
# What tshark says of tls.pcap with keys.log, as lines of facts.tsv: request, TCP stream, frame, method, target; response, TCP stream, frame, status.
set -eu
cd "$(dirname "$0")"
ask() {
    filter=$1; shift
    tshark -r tls.pcap -o tls.keylog_file:keys.log -Y "$filter" -T fields -E occurrence=a -E aggregator='|' "$@" 2>/dev/null
}
{
    ask http.request -e tcp.stream -e frame.number -e http.request.method -e http.request.uri | awk -F'\t' -v OFS='\t' '{ print "request", $1, $2, $3, $4 }'
    ask http.response -e tcp.stream -e frame.number -e http.response.code | awk -F'\t' -v OFS='\t' '{ print "response", $1, $2, $3 }'
    # Several headers may be in a frame.
    ask http2.headers.method -e tcp.stream -e frame.number -e http2.headers.method -e http2.headers.path |
        awk -F'\t' -v OFS='\t' '{ n = split($3, m, "|"); split($4, p, "|"); for (i = 1; i <= n; i++) print "request", $1, $2, m[i], p[i] }'
    ask http2.headers.status -e tcp.stream -e frame.number -e http2.headers.status |
        awk -F'\t' -v OFS='\t' '{ n = split($3, s, "|"); for (i = 1; i <= n; i++) print "response", $1, $2, s[i] }'
} > facts.tsv
