#!/usr/bin/env bash
# Records the captures in this folder again: real programs, talking in network namespaces of this machine only.
#
#   examples/captures/record.sh [dns] [dns-tunnel] [dns-netem] [dhcp] [icmp] [tcp] [sip] [http] [tls] [quic] [scans] [beacon]
#   (without names: all of them)
#
# Needs root on Debian with: bind9 bind9-dnsutils dnsmasq-base tcpdump wireshark-common tshark iproute2 ethtool iputils-ping
#   traceroute nginx-light curl isc-dhcp-client sip-tester iodine avahi-daemon python3 python3-venv openssl brotli zstd nghttp2-proxy nghttp2-client
#   tinyproxy gobuster gnutls-bin python3-aiosmtpd nftables nmap
# QUIC is aioquic's, which pip gets from PyPI; AIOQUIC=/path/to/python names one that has it already.
# and, if LLMNR is to be answered, systemd-resolved. Installing that replaces /etc/resolv.conf of the machine; unpacking it
# (apt-get download, dpkg -x) is enough: RESOLVED=/where/it/is/systemd-resolved. Nothing is sent outside of the namespaces.
#
# CAPTURES=FOLDER writes the captures there instead of here. What programs said of what they did goes into `said`, the keys of TLS beside it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
captures=${CAPTURES:-$here}
resolved=${RESOLVED:-/lib/systemd/systemd-resolved}
tag=mcpcap$$
work=$(mktemp -d)
chmod 755 "$work"
PATH=$PATH:/usr/sbin:/sbin
recorder=

# Ends what runs in our namespaces, whoever started it there, and removes them. Other namespaces are left alone.
clean_namespaces() {
    local name pid
    for name in $(ip netns list | awk -v tag="$tag-" 'index($1, tag) == 1 { print $1 }'); do
        for pid in $(ip netns pids "$name"); do kill -KILL "$pid" 2>/dev/null || true; done
        ip netns del "$name"
    done
}

clean() {
    clean_namespaces
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# on HOST COMMAND...: runs a command on a host.
on() { ip netns exec "$tag-$1" "${@:2}"; }

# named HOST COMMAND...: the same, and the names in $work/hosts are known.
named() {
    # shellcheck disable=SC2016
    on "$1" unshare --mount sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$work/hosts" "${@:2}"
}

# serve LOG COMMAND...: runs a command of ours in the background, until clean_namespaces ends it.
serve() {
    "${@:2}" >"$work/$1.log" 2>&1 </dev/null &
    disown
}

add_host() {
    ip netns add "$tag-$1"
    on "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0 \
        net.ipv6.conf.default.router_solicitations=0 net.ipv4.ping_group_range='0 2147483647'
    ip -n "$tag-$1" link set lo up
}

# cable HOST INTERFACE MAC HOST INTERFACE MAC: a cable between two hosts. Segments go over it as they would over a wire, with
# checksums, not as offloading leaves them.
cable() {
    ip link add "$2" netns "$tag-$1" address "$3" type veth peer name "$5" netns "$tag-$4" address "$6"
    on "$1" ethtool -K "$2" tx off tso off gso off gro off >/dev/null
    on "$4" ethtool -K "$5" tx off tso off gso off gro off >/dev/null
    ip -n "$tag-$1" link set "$2" up
    ip -n "$tag-$4" link set "$5" up
}

addresses() {
    local address option
    for address in "${@:3}"; do
        option=()
        if [[ $address == *:* ]]; then option=(nodad); fi
        ip -n "$tag-$1" addr add "$address" dev "$2" "${option[@]}"
    done
}

# office: a switch, whose bridge br0 sees every frame once.
office() {
    clean_namespaces
    add_host switch
    on switch sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    ip -n "$tag-switch" link add br0 type bridge stp_state 0 mcast_snooping 0 forward_delay 0
    ip -n "$tag-switch" link set br0 up
}

# plug HOST LAST-OCTET ADDRESS...: a host on the switch, at its interface e0.
plug() {
    add_host "$1"
    cable "$1" e0 "02:00:00:00:00:$2" switch "p$2" "02:00:00:00:01:$2"
    ip -n "$tag-switch" link set "p$2" master br0
    addresses "$1" e0 "${@:3}"
    ip -n "$tag-$1" route add 224.0.0.0/4 dev e0
}

# record HOST INTERFACE FILE FILTER: what passes there, until stop.
record() {
    ip netns exec "$tag-$1" tcpdump -q -U -Z root -i "$2" -s 0 -w "$work/$3" "$4" 2>"$work/tcpdump.log" &
    recorder=$!
    sleep 1
}

stop() {
    sleep 1
    kill -INT "$recorder"
    wait "$recorder" 2>/dev/null || true
    install -m 644 "$work/$1" "$captures/$1"
}

# The name server of the office, on host server.
name_server() {
    local file
    for file in "$here"/record/*.zone "$here/record/named.conf"; do sed "s|@DIR@|$work|" "$file" >"$work/${file##*/}"; done
    serve named on server named -g -c "$work/named.conf"
    sleep 4
}

# forwarder OPTION...: what the office asks, on host gateway.
forwarder() {
    serve forwarder on gateway dnsmasq -k -R -h -u root -x "$work/forwarder.pid" -C /dev/null -p 53 -a 192.0.2.1 -z -c 100 --server=192.0.2.53 "$@"
}

# The words of a generator of names, as malware has one: the same seed, the same names.
generated_names() {
    local n
    for n in $(seq 1 "$1"); do printf 'seed-7-%s' "$n" | sha256sum | tr '0-9a-f' 'qzxvkjwpgbymhfuc' | cut -c "1-$((12 + n % 5))"; done
}

# own_files HOST COMMAND...: runs a command on a host with a /run of its own, the users that daemons expect, and $work/etc over /etc.
own_files() {
    mkdir -p "$work/etc"
    { cat /etc/passwd; echo 'avahi:x:65532:65532::/:/bin/false'; echo 'systemd-resolve:x:65533:65533::/:/bin/false'; } >"$work/etc/passwd"
    { cat /etc/group; echo 'avahi:x:65532:'; echo 'systemd-resolve:x:65533:'; } >"$work/etc/group"
    # shellcheck disable=SC2016
    on "$1" unshare --mount --uts sh -c '
        mount -t overlay overlay -o "lowerdir=$1:/etc" /etc && mount -t tmpfs none /run &&
        mkdir -p /run/systemd/resolve /run/avahi-daemon && chown systemd-resolve: /run/systemd/resolve &&
        hostname "$2" && shift 2 && exec "$@"' sh "$work/etc" "$@"
}

# The name service of an office computer; it asks by LLMNR for names without dots.
llmnr() {
    mkdir -p "$work/etc/systemd"
    printf '[Resolve]\nDNS=192.0.2.53\nFallbackDNS=\nLLMNR=yes\nMulticastDNS=no\nDNSSEC=no\n' >"$work/etc/systemd/resolved.conf"
    serve "resolved-$1" own_files "$1" "$resolved"
}

dns() {
    office
    plug client 21 192.0.2.21/24 2001:db8::21/64
    plug printer 22 192.0.2.22/24 2001:db8::22/64
    plug gateway 01 192.0.2.1/24
    plug server 53 192.0.2.53/24 192.0.2.54/24 192.0.2.55/24 2001:db8::53/64
    serve silent on server python3 "$here/record/silent.py" 192.0.2.55 53
    forwarder --server=/vendor.example/192.0.2.55
    if [[ -x $resolved ]]; then
        llmnr printer
        llmnr client
    else
        echo "no systemd-resolved: no LLMNR in dns.pcap" >&2
    fi
    name_server
    record switch br0 dns.pcap 'udp or tcp or icmp'
    ask() { on client dig +tries=1 +timeout=1 "$@" >>"$work/dig.log" 2>&1 || true; }
    local type name
    for type in A AAAA HTTPS; do ask @192.0.2.53 web.corp.example "$type"; done
    ask @192.0.2.53 www.corp.example A
    for type in MX TXT NS SOA CAA; do ask @192.0.2.53 corp.example "$type"; done
    ask @192.0.2.53 _sip._udp.corp.example SRV
    ask @192.0.2.53 sip.example.com NAPTR
    ask @192.0.2.53 files.corp.example SSHFP
    ask @192.0.2.53 -x 192.0.2.25
    ask @192.0.2.53 -x 192.0.2.99
    ask @192.0.2.53 -x 2001:db8::53
    # A chain of aliases, an answer of three addresses, a wildcard, a name without records of the type.
    ask @192.0.2.53 www.example.com A
    ask @192.0.2.53 build-7.dev.example.com A
    ask @192.0.2.53 mail.example.com AAAA
    # Signed answers, a signed denial; a chain of trust checked by delv.
    ask @192.0.2.53 corp.example DNSKEY +dnssec
    ask @192.0.2.53 web.corp.example A +dnssec +nsid +cookie=0123456789abcdef
    ask @192.0.2.53 gone.corp.example A +dnssec
    {
        echo 'trust-anchors {'
        on client dig @192.0.2.53 corp.example DNSKEY +short | awk '{ key = ""; for (i = 4; i <= NF; i++) key = key $i
            printf "\"corp.example.\" static-key %s %s %s \"%s\";\n", $1, $2, $3, key }'
        echo '};'
    } >"$work/anchors"
    on client delv @192.0.2.53 +root=corp.example -a "$work/anchors" web.corp.example A >>"$work/dig.log" 2>&1 || true
    # Over IPv6; without EDNS, as host asks: A, AAAA and MX.
    ask @2001:db8::53 web.corp.example AAAA
    on client host mail.corp.example 2001:db8::53 >>"$work/dig.log" 2>&1 || true
    # Not its zone: refused. A zone that it should have and has not: SERVFAIL.
    ask @192.0.2.53 www.elsewhere.example A
    ask @192.0.2.53 portal.partner.example A
    ask @192.0.2.53 version.bind TXT CH
    ask @192.0.2.53 corp.example ANY +notcp
    # Too large for the datagram: truncated, and asked again over TCP.
    ask @192.0.2.53 big.corp.example TXT +bufsize=512
    # The whole zone, to somebody who should not get it; a transfer that is refused; an update that is refused.
    ask @192.0.2.53 corp.example AXFR
    ask @192.0.2.53 example.com AXFR
    printf 'server 192.0.2.53\nzone example.com\nupdate add wpad.example.com 60 A 192.0.2.66\nsend\n' |
        on client nsupdate >>"$work/dig.log" 2>&1 || true
    # Several queries on one connection.
    on client dig +tcp +keepopen @192.0.2.53 web.corp.example A mail.corp.example A pbx.corp.example A >>"$work/dig.log" 2>&1
    # A port that is not DNS's.
    ask @192.0.2.53 -p 5300 web.corp.example A
    ask @192.0.2.53 -p 5300 mail.corp.example A
    # Through the forwarder of the office: asked upstream, then from its cache; a name whose server is silent.
    ask @192.0.2.1 shop.example.com A
    ask @192.0.2.1 shop.example.com A
    on client dig +tries=2 +timeout=1 @192.0.2.1 license.vendor.example A >>"$work/dig.log" 2>&1 || true
    # Nobody there: ICMP port unreachable. Nobody answers: the same query again and again.
    ask @192.0.2.54 web.corp.example A
    on client dig +tries=3 +timeout=1 @192.0.2.55 payroll.corp.example A >>"$work/dig.log" 2>&1 || true
    # mDNS: the printer announces itself, is asked, and says goodbye. Nobody is called scanner.local.
    mdns
    # LLMNR: resolved asks for a name without dots. There is a printer, and no wpad.
    if [[ -x $resolved ]]; then
        on client dig +tries=1 +timeout=3 @127.0.0.53 printer A >>"$work/dig.log" 2>&1 || true
        on client dig +tries=1 +timeout=3 @127.0.0.53 wpad A >>"$work/dig.log" 2>&1 || true
    fi
    # What a domain generation algorithm looks like: names that do not exist, one after the other, and the one that does.
    for name in $(generated_names 45) update; do ask @192.0.2.53 "$name.test" A +noedns; done
    stop dns.pcap
}

mdns() {
    local pid
    mkdir -p "$work/etc/avahi/services"
    cp "$here/record/avahi-daemon.conf" "$work/etc/avahi/"
    cp "$here/record/ipp.service" "$work/etc/avahi/services/"
    serve avahi own_files printer avahi-daemon --no-drop-root --no-rlimits --no-chroot
    sleep 3
    ask @224.0.0.251 -p 5353 _ipp._tcp.local PTR +noedns
    ask @224.0.0.251 -p 5353 printer.local A +noedns
    ask @224.0.0.251 -p 5353 scanner.local A +noedns
    for pid in $(ip netns pids "$tag-printer"); do
        if [[ $(cat "/proc/$pid/comm") == avahi-daemon ]]; then kill -TERM "$pid" || true; fi
    done
    sleep 1
}

# A tunnel over DNS (iodine) through the forwarder of the office: a ping and a web page inside of it, some ordinary names besides.
# Recorded at the client's port: what a sensor at its desk would see.
dns_tunnel() {
    office
    plug client 21 192.0.2.21/24
    plug gateway 01 192.0.2.1/24
    plug server 53 192.0.2.53/24
    plug outside 66 192.0.2.66/24
    forwarder --server=/t.example.com/192.0.2.66
    name_server
    serve iodined on outside iodined -f -c -P mcpcap -d tun0 -m 1130 203.0.113.1/29 t.example.com
    mkdir -p "$work/www"
    head -c 4500 /dev/urandom | base64 >"$work/www/page.txt"
    web_server outside 203.0.113.1:80
    record switch p21 dns-tunnel.pcap 'udp port 53 or icmp'
    ask() { on client dig +tries=1 +timeout=1 @192.0.2.1 "$@" >>"$work/dig.log" 2>&1 || true; }
    ask www.example.com A
    ask mail.corp.example A
    serve iodine on client iodine -f -r -P mcpcap -d tun0 -T TXT -m 180 -I 1 192.0.2.1 t.example.com
    sleep 5
    on client ping -q -c 3 -i 0.3 203.0.113.1 >"$work/ping.log" || true
    ask web.corp.example AAAA
    on client curl -s --max-time 10 -o "$work/page.txt" http://203.0.113.1/page.txt || echo "nothing came through the tunnel" >&2
    ask shop.example.com A
    sleep 2
    stop dns-tunnel.pcap
}

# web_server HOST ADDRESS...: nginx with $work/www.
web_server() {
    local listen
    listen=$(printf 'listen %s; ' "${@:2}")
    cat >"$work/nginx.conf" <<CONF
worker_processes 1; pid $work/nginx.pid; error_log $work/nginx-error.log; daemon off; user root;
events { worker_connections 64; }
http {
    access_log off; client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work; uwsgi_temp_path $work; scgi_temp_path $work;
    server { $listen root $work/www; location /hangup { return 444; } }
}
CONF
    serve nginx on "$1" nginx -c "$work/nginx.conf" -e "$work/nginx-error.log"
}

# bad_line OPTION...: a client and a server, with a line between them that delays and loses; its ends are w0 and w1 on host line.
# netem would do it; many kernels come without that module, so relay.py does.
bad_line() {
    clean_namespaces
    add_host client
    add_host server
    add_host line
    on line sysctl -qw net.ipv6.conf.default.disable_ipv6=1
    cable client e0 02:00:00:00:00:21 line w0 02:00:00:00:02:01
    cable line w1 02:00:00:00:02:02 server e0 02:00:00:00:00:53
    addresses client e0 192.0.2.21/24 2001:db8::21/64
    addresses server e0 192.0.2.53/24 2001:db8::53/64
    on line sysctl -qw net.ipv6.conf.w0.disable_ipv6=1 net.ipv6.conf.w1.disable_ipv6=1
    serve relay on line python3 "$here/record/relay.py" w0 w1 "$@"
}

# Both ends of a bad line in one pcapng: what passes is seen twice, what is lost once. Queries are repeated, answers come late.
dns_netem() {
    local n
    bad_line --delay 60 --jitter 40 --loss 12 --late 15 --late-by 1300
    name_server
    ip netns exec "$tag-line" dumpcap -q -i w0 -f 'udp or tcp or icmp' -i w1 -f 'udp or tcp or icmp' -w "$work/dns-netem.pcapng" \
        --capture-comment 'A client (behind w0) and a name server (behind w1); the line between them delays and loses.' 2>"$work/dumpcap.log" &
    recorder=$!
    sleep 2
    ask() { on client dig +tries=3 +timeout=1 "$@" >>"$work/dig.log" 2>&1 || true; }
    for n in 1 2 3 4 5 6; do
        ask @192.0.2.53 web.corp.example A &
        ask @192.0.2.53 "host-$n.dev.example.com" A &
        ask @192.0.2.53 "gone-$n.corp.example" AAAA &
        ask @2001:db8::53 shop.example.com A &
        sleep 1.5
    done
    ask @192.0.2.53 big.corp.example TXT +bufsize=512
    sleep 3
    stop dns-netem.pcapng
}

# A bad line again, with TCP on it.
tcp() {
    bad_line --delay 15 --jitter 0.1 --loss 5 --seed 3
    # A neighbour that takes everything and answers nothing.
    ip -n "$tag-client" neigh add 192.0.2.66 lladdr 02:00:00:00:00:53 dev e0
    mkdir -p "$work/www"
    head -c 60000 /dev/urandom >"$work/www/file.bin"
    web_server server 192.0.2.53:80 '[2001:db8::53]:80'
    sleep 1
    record client e0 tcp.pcap tcp
    get() { on client curl -s -o /dev/null "$@" || true; }
    get http://192.0.2.53/file.bin
    # Several requests on one connection, one of them for a file that is not there.
    get http://192.0.2.53/missing -o /dev/null http://192.0.2.53/missing -o /dev/null --range 0-4999 http://192.0.2.53/file.bin
    get --range 0-9999 'http://[2001:db8::53]/file.bin'
    # The server hangs up without an answer; nobody listens; nobody answers.
    get http://192.0.2.53/hangup
    get http://192.0.2.53:81/
    get --max-time 4 http://192.0.2.66/
    # A reader that is too slow (its window closes) and that gives up before the end.
    on client sysctl -qw net.ipv4.tcp_rmem='4096 4096 4096'
    get --limit-rate 4000 --max-time 4 http://192.0.2.53/file.bin
    stop tcp.pcap
}

# What routers say. client - gateway - far - target, the last cable with a smaller MTU; a second router on the client's switch.
icmp() {
    office
    plug client 21 192.0.2.21/24 2001:db8::21/64
    plug gateway 01 192.0.2.1/24 2001:db8::1/64
    plug other 02 192.0.2.2/24
    add_host far
    add_host target
    cable gateway e1 02:00:00:00:03:01 far e0 02:00:00:00:03:02
    cable far e1 02:00:00:00:04:01 target e0 02:00:00:00:04:02
    addresses gateway e1 198.51.100.1/24 2001:db8:1::1/64
    addresses far e0 198.51.100.2/24 2001:db8:1::2/64
    addresses far e1 203.0.113.1/24 2001:db8:2::1/64
    addresses target e0 203.0.113.9/24 2001:db8:2::9/64
    ip -n "$tag-far" link set e1 mtu 1280
    local host
    for host in gateway far other; do
        on "$host" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
    done
    ip -n "$tag-client" route add default via 192.0.2.1
    ip -n "$tag-client" -6 route add default via 2001:db8::1
    ip -n "$tag-gateway" route add 203.0.113.0/24 via 198.51.100.2
    ip -n "$tag-gateway" -6 route add 2001:db8:2::/64 via 2001:db8:1::2
    ip -n "$tag-gateway" route add 198.18.0.0/24 via 192.0.2.2
    ip -n "$tag-gateway" route add prohibit 198.18.1.0/24
    ip -n "$tag-gateway" route add unreachable 198.18.2.0/24
    ip -n "$tag-far" route add default via 198.51.100.1
    ip -n "$tag-far" -6 route add default via 2001:db8:1::1
    ip -n "$tag-far" route add blackhole 203.0.113.66
    ip -n "$tag-other" addr add 198.18.0.1/32 dev lo
    ip -n "$tag-target" route add default via 203.0.113.1
    ip -n "$tag-target" -6 route add default via 2001:db8:2::1
    sleep 1
    record client e0 icmp.pcap 'icmp or icmp6 or arp or udp'
    echo_to() { on client ping -q -W 1 -i 0.2 "$@" >>"$work/ping.log" 2>&1 || true; }
    echo_to -c 5 203.0.113.9
    echo_to -c 3 -s 600 2001:db8:2::9
    # In fragments; not to be fragmented, and too large.
    echo_to -c 1 -s 3000 192.0.2.1
    echo_to -c 2 -s 1400 -M 'do' 203.0.113.9
    echo_to -c 2 -s 1400 2001:db8:2::9
    # Never answered; a host that is not there; forbidden; no way there; a better way there.
    echo_to -c 4 203.0.113.66
    echo_to -c 1 -W 4 203.0.113.200
    echo_to -c 1 198.18.1.1
    echo_to -c 1 198.18.2.1
    echo_to -c 3 198.18.0.1
    trace() { on client traceroute -n "$@" >>"$work/ping.log"; }
    trace -q 2 203.0.113.9
    trace -q 1 -I 203.0.113.9
    trace -6 -q 1 2001:db8:2::9
    # Data that has no business in a ping.
    echo_to -c 4 -s 900 -p 73656372657473 203.0.113.9
    stop icmp.pcap
}

# Leases, from the first to the last: two servers of which one is a rogue, a refusal, a conflict, an empty pool, DHCPv6.
dhcp() {
    local n
    office
    plug client 21
    plug laptop 31
    plug server 53 192.0.2.53/24 2001:db8::53/64
    plug rogue 66 192.0.2.66/24
    # The times are short, so that renewing is seen too.
    serve dhcp-server on server dnsmasq -k -p 0 -u root -x "$work/dhcp-server.pid" -C /dev/null -z -i e0 --dhcp-authoritative --no-ping \
        --dhcp-leasefile="$work/server.leases" --dhcp-range=192.0.2.100,192.0.2.104,2m --dhcp-option=3,192.0.2.1 --dhcp-option=6,192.0.2.53 \
        --dhcp-option=15,corp.example --dhcp-option-force=58,3 --dhcp-option-force=59,6 \
        --dhcp-range=2001:db8::100,2001:db8::1ff,2m --dhcp-option='option6:dns-server,[2001:db8::53]'
    # lease HOST SECONDS OPTION...: dhclient, for so long.
    lease() {
        on "$1" timeout "$2" dhclient -d -v -sf "$here/record/lease.sh" -e "DECLINE_FILE=$work/decline" \
            -lf "$work/$1.leases" -pf "$work/$1.pid" "${@:3}" e0 >>"$work/dhclient.log" 2>&1 </dev/null || true
    }
    sleep 1
    record switch br0 dhcp.pcap 'udp port 67 or udp port 68 or udp port 546 or udp port 547'
    # An address, used and renewed, then given back.
    lease client 8
    lease client 5 -r
    # A notebook that comes from another network and asks for the address that it had there.
    cat >"$work/laptop.leases" <<'LEASE'
lease {
  interface "e0";
  fixed-address 198.51.100.50;
  option dhcp-server-identifier 198.51.100.1;
  renew 4 2037/12/31 00:00:00;
  rebind 4 2037/12/31 00:00:00;
  expire 4 2037/12/31 00:00:00;
}
LEASE
    lease laptop 6
    # An address that is in use already: declined.
    touch "$work/decline"
    rm -f "$work/client.leases"
    lease client 3
    rm -f "$work/decline"
    # A second server, with other ideas of where the internet is.
    serve dhcp-rogue on rogue dnsmasq -k -p 0 -u root -x "$work/dhcp-rogue.pid" -C /dev/null -z -i e0 --no-ping --dhcp-leasefile="$work/rogue.leases" \
        --dhcp-range=192.0.2.200,192.0.2.201,2m --dhcp-option=3,192.0.2.66 --dhcp-option=6,192.0.2.66
    sleep 1
    rm -f "$work/client.leases"
    lease client 4
    # One after the other, until no address is left.
    for n in 1 2 3 4 5 6 7; do
        ip -n "$tag-client" link set e0 address "02:00:00:00:0a:0$n"
        rm -f "$work/client.leases"
        lease client 2
    done
    lease laptop 4 -6
    stop dhcp.pcap
}

# Telephones: a call with voice, one that is busy, one that is given up, one nobody takes, one over TCP; a registration, a wrong password, a scan.
sip() {
    local answering=
    office
    plug alice 61 192.0.2.61/24
    plug bob 62 192.0.2.62/24
    plug pbx 60 192.0.2.60/24 192.0.2.55/24
    plug outside 66 192.0.2.66/24
    # A second of a tone, as PCMU would carry it.
    python3 -c 'import sys
sys.stdout.buffer.write(bytes(0xff - (n * 8) % 128 if n // 4 % 2 else 0x7f - (n * 8) % 128 for n in range(8000)))' >"$work/tone.raw"
    serve silent on pbx python3 "$here/record/silent.py" 192.0.2.55 5060
    cp "$here"/record/*.xml "$work/"
    sed 's/@VERDICT@/200 OK/' "$here/record/registrar.xml" >"$work/registrar-yes.xml"
    sed 's/@VERDICT@/403 Forbidden/' "$here/record/registrar.xml" >"$work/registrar-no.xml"
    { echo SEQUENTIAL; seq -f "%g;" 100 111; } >"$work/scan.csv"
    phone() { (cd "$work" && on "$1" timeout 20 sipp -nostdin -m 1 -p 5060 "${@:2}") >>"$work/sipp.log" 2>&1 </dev/null || true; }
    answer() {
        if [[ -n $answering ]]; then wait "$answering"; fi
        phone "$@" &
        answering=$!
        sleep 1
    }
    record switch br0 sip.pcap 'udp or tcp or icmp'
    answer pbx -i 192.0.2.60 -sf registrar-yes.xml
    phone alice -i 192.0.2.61 -sf register.xml -s alice -au alice -ap correct 192.0.2.60:5060
    answer pbx -i 192.0.2.60 -sf registrar-no.xml
    phone outside -i 192.0.2.66 -sf register.xml -s alice -au alice -ap guess 192.0.2.60:5060
    answer bob -i 192.0.2.62 -mi 192.0.2.62 -sn uas -rtp_echo -mp 7000
    phone alice -i 192.0.2.61 -mi 192.0.2.61 -mp 6000 -sf call.xml -s bob 192.0.2.62:5060
    answer bob -i 192.0.2.62 -sf busy.xml
    phone alice -i 192.0.2.61 -sf call.xml -s bob 192.0.2.62:5060
    answer bob -i 192.0.2.62 -sf ringing.xml
    phone alice -i 192.0.2.61 -sf cancel.xml -s bob 192.0.2.62:5060
    phone alice -i 192.0.2.61 -sf call.xml -s carol -max_invite_retrans 3 192.0.2.55:5060
    answer bob -i 192.0.2.62 -sn uas -t t1
    phone alice -i 192.0.2.61 -sn uac -t t1 -d 300 -s bob 192.0.2.62:5060
    answer pbx -i 192.0.2.60 -sf no-such-extension.xml -m 12
    phone outside -i 192.0.2.66 -sf scan.xml -m 12 -r 20 -inf scan.csv 192.0.2.60:5060
    stop sip.pcap
}

for part in http tls quic scans beacon; do
    # shellcheck source=/dev/null
    source "$here/record/$part.sh"
done

mkdir -p "$captures/said"
names=("$@")
if [[ ${#names[@]} -eq 0 ]]; then names=(dns dns-tunnel dns-netem dhcp icmp tcp sip http tls quic scans beacon); fi
for name in "${names[@]}"; do
    case $name in
        dns | dns-tunnel | dns-netem | dhcp | icmp | tcp | sip | http | tls | quic | scans | beacon) "${name//-/_}" ;;
        *) echo "there is no capture $name" >&2; exit 2 ;;
    esac
    clean_namespaces
    for file in "$captures/$name".pcap*; do echo "${file##*/}: $(stat -c %s "$file") octets"; done
done
