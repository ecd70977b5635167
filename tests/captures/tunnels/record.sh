#!/bin/sh
# Makes tunnels.pcap anew, on loopback: record.sh. Needs tinyproxy, tcpdump (as root) and Python with the package h2.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'kill $web $proxy $dump 2> /dev/null || true; rm -rf "$work"' EXIT
printf 'hello tunnel\n' > "$work/file.txt"
printf 'Port 8889\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\nConnectPort 8890\n' > "$work/tinyproxy.conf"
python3 -m http.server 8890 --bind 127.0.0.1 --directory "$work" > /dev/null 2>&1 & web=$!
tinyproxy -d -c "$work/tinyproxy.conf" > /dev/null & proxy=$!
tcpdump -q -U -i lo -w "$here/tunnels.pcap" 'port 8889 or port 8891' 2> /dev/null & dump=$!
sleep 1
python3 "$here/talk.py" 8891 8889 8890
sleep 1
kill $dump
wait $dump
