#!/usr/bin/env bash
# Records the captures in this folder again: real programs, talking in network namespaces of this machine only.
#
#   examples/captures/record.sh [dns] [icmp] [tcp]        (without names: all of them)
#
# Needs root on Debian with: bind9 bind9-dnsutils tcpdump iproute2 iputils-ping traceroute nginx-light curl
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
chmod 755 "$work"
pids=()

clean() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for ns in mc-client mc-router mc-server; do ip netns del "$ns" 2>/dev/null || true; done
    rm -rf "$work"
}
trap clean EXIT

client() { ip netns exec mc-client "$@"; }
server() { ip netns exec mc-server "$@"; }

# A client and a server on one segment; addresses are those for documentation (RFC 5737, RFC 3849).
segment() {
    clean_namespaces
    ip netns add mc-client
    ip netns add mc-server
    ip link add c0 netns mc-client address 02:00:00:00:00:01 type veth peer name s0 netns mc-server address 02:00:00:00:00:53
    for ns in mc-client mc-server; do
        ip -n "$ns" link set lo up
        ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
    done
    ip -n mc-client addr add 192.0.2.1/24 dev c0
    ip -n mc-client addr add 2001:db8::1/64 dev c0 nodad
    ip -n mc-server addr add 192.0.2.53/24 dev s0
    ip -n mc-server addr add 192.0.2.54/24 dev s0
    ip -n mc-server addr add 192.0.2.55/24 dev s0
    ip -n mc-server addr add 2001:db8::53/64 dev s0 nodad
    ip -n mc-client link set c0 up
    ip -n mc-server link set s0 up
    ip -n mc-client route add 224.0.0.0/4 dev c0
    # Segments on the wire, not what offloading makes of them.
    for feature in tso gso gro; do
        client ethtool -K c0 $feature off 2>/dev/null || true
        server ethtool -K s0 $feature off 2>/dev/null || true
    done
    sleep 1
}

clean_namespaces() {
    for ns in mc-client mc-router mc-server; do ip netns del "$ns" 2>/dev/null || true; done
}

# record FILE [FILTER]: what passes the client's end of the cable, until stop.
record() {
    # Not through a function: the signal has to reach tcpdump itself.
    ip netns exec mc-client tcpdump -q -U -Z root -i c0 -s 0 -w "$work/$1" "${2:-}" 2>/dev/null &
    recorder=$!
    pids+=("$recorder")
    sleep 1
}

stop() {
    sleep 1
    kill -TERM "$recorder"
    wait "$recorder" 2>/dev/null || true
    cp "$work/$1" "$here/$1"
    chmod 644 "$here/$1"
}

dns() {
    segment
    for file in named.conf corp.zone reverse.zone; do sed "s|@DIR@|$work|" "$here/record/$file" >"$work/$file"; done
    server named -g -c "$work/named.conf" >"$work/named.log" 2>&1 &
    pids+=($!)
    # Takes queries and never answers.
    server python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("192.0.2.55", 53)); time.sleep(600)' &
    pids+=($!)
    sleep 4
    record dns.pcap 'udp or tcp or icmp'
    ask() { client dig +tries=1 +timeout=1 "$@" >/dev/null 2>&1 || true; }
    for type in A AAAA HTTPS; do ask @192.0.2.53 web.corp.example $type; done
    ask @192.0.2.53 www.corp.example A
    for type in MX TXT NS SOA CAA; do ask @192.0.2.53 corp.example $type; done
    ask @192.0.2.53 _sip._udp.corp.example SRV
    ask @192.0.2.53 files.corp.example SSHFP
    ask @192.0.2.53 -x 192.0.2.25
    ask @192.0.2.53 -x 192.0.2.99
    ask @192.0.2.53 corp.example DNSKEY +dnssec
    ask @192.0.2.53 web.corp.example A +dnssec +nsid +cookie=0123456789abcdef
    ask @192.0.2.53 gone.corp.example A +dnssec
    ask @2001:db8::53 web.corp.example AAAA
    # Not its zone: refused.
    ask @192.0.2.53 www.elsewhere.example A
    # Too large for the datagram: truncated, and asked again over TCP.
    ask @192.0.2.53 big.corp.example TXT +bufsize=512
    ask @192.0.2.53 corp.example AXFR
    # Several queries on one connection.
    client dig +tcp +keepopen @192.0.2.53 web.corp.example A mail.corp.example A pbx.corp.example A >/dev/null 2>&1
    # A port that is not DNS's.
    ask @192.0.2.53 -p 5300 web.corp.example A
    ask @192.0.2.53 -p 5300 mail.corp.example A
    # Nobody there: ICMP port unreachable. Nobody answers: the same query again and again.
    ask @192.0.2.54 web.corp.example A
    client dig +tries=3 +timeout=1 @192.0.2.55 payroll.corp.example A >/dev/null 2>&1 || true
    # mDNS and LLMNR, which nobody on this segment answers.
    ask @224.0.0.251 -p 5353 printer.local A
    ask @224.0.0.252 -p 5355 wpad A
    # What a domain generation algorithm looks like: names that do not exist, one after the other.
    for n in $(seq 1 60); do
        ask @192.0.2.53 "$(printf 'seed-7-%s' "$n" | sha256sum | tr -dc 'b-df-hj-np-tv-z0-9' | head -c 14).corp.example" A
    done
    stop dns.pcap
}

icmp() {
    segment
    # A router between the client and a server two hops away.
    ip netns add mc-router
    ip link add r0 netns mc-router type veth peer name s1 netns mc-server
    ip -n mc-server addr add 198.51.100.1/24 dev s1
    ip -n mc-router addr add 198.51.100.2/24 dev r0
    ip -n mc-router addr add 203.0.113.9/32 dev lo 2>/dev/null || true
    ip -n mc-router link set lo up
    ip -n mc-router link set r0 up
    ip -n mc-server link set s1 up
    ip -n mc-server route add 203.0.113.0/24 via 198.51.100.2
    ip -n mc-router route add default via 198.51.100.1
    ip -n mc-client route add default via 192.0.2.53
    server sysctl -qw net.ipv4.ip_forward=1
    record icmp.pcap 'icmp or icmp6 or udp'
    client ping -q -c 5 -i 0.2 192.0.2.53 >/dev/null
    client ping -q -c 3 -i 0.2 -s 1400 2001:db8::53 >/dev/null
    client ping -q -c 2 -i 0.2 -W 1 192.0.2.77 >/dev/null 2>&1 || true
    client traceroute -n -q 2 203.0.113.9 >/dev/null
    client ping -q -c 1 -W 1 203.0.113.200 >/dev/null 2>&1 || true
    stop icmp.pcap
}

tcp() {
    segment
    mkdir -p "$work/www"
    head -c 60000 /dev/urandom >"$work/www/file.bin"
    cat >"$work/nginx.conf" <<CONF
worker_processes 1; pid $work/nginx.pid; error_log $work/nginx.log; daemon off; user root;
events { worker_connections 64; }
http { access_log off; server { listen 192.0.2.53:80; root $work/www; } }
CONF
    server nginx -c "$work/nginx.conf" &
    pids+=($!)
    # Delay and loss, where the kernel has the netem module.
    server tc qdisc add dev s0 root netem delay 20ms 2ms loss 6% 2>/dev/null || echo "no netem here: no loss in tcp.pcap" >&2
    sleep 1
    record tcp.pcap 'tcp'
    for _ in 1 2; do client curl -s -o /dev/null http://192.0.2.53/file.bin; done
    client curl -s -o /dev/null --max-time 2 http://192.0.2.53/missing || true
    # A port that nobody listens on.
    client curl -s -o /dev/null --max-time 2 http://192.0.2.53:81/ || true
    stop tcp.pcap
}

for name in "${@:-dns icmp tcp}"; do
    for one in $name; do
        "$one"
        echo "$one.pcap: $(stat -c %s "$here/$one.pcap") octets"
    done
done
