#!/bin/sh
# Records ../compressed.pcap and ../compressed.log anew, in a network namespace of its own. Needs cargo, and on Debian 12 tcpdump and iproute2. As root.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
space=mcpcap-compressed
trap 'kill $(cat "$work/pid" 2>/dev/null) 2>/dev/null || :; ip netns del $space 2>/dev/null || :; rm -rf "$work"' EXIT
cargo build --quiet --locked --target-dir "$work/target"
ip netns add $space
ip netns exec $space ip link set lo up
ip netns exec $space tcpdump -q -U -s 0 -i lo -w "$work/made.pcap" port 8443 2>/dev/null &
echo $! > "$work/pid"
sleep 1
SSLKEYLOGFILE="$work/made.log" ip netns exec $space "$work/target/debug/compressed-certificates"
sleep 1
cp "$work/made.pcap" ../compressed.pcap
cp "$work/made.log" ../compressed.log
