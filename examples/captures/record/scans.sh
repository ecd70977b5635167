# shellcheck shell=bash disable=SC2154
# Part of record.sh: scans by nmap, and somebody who only visits a page.

scans() {
    office
    plug client 21 192.0.2.21/24
    plug gateway 01 192.0.2.1/24
    plug server 80 192.0.2.80/24
    plug printer 22 192.0.2.22/24
    # Who scans has an address for each way to do it.
    plug outside 66 192.0.2.6{6,7,8,9}/24 192.0.2.7{0,1,2,3}/24
    add_host far
    cable gateway e1 02:00:00:00:03:01 far e0 02:00:00:00:03:02
    addresses gateway e1 198.51.100.254/24
    addresses far e0 198.51.100.5/24 198.51.100.9/24 198.51.100.17/24
    on gateway sysctl -qw net.ipv4.ip_forward=1
    ip -n "$tag-far" route add default via 198.51.100.254
    ip -n "$tag-outside" route add default via 192.0.2.1
    # Who is not there is not asked for: the router is silent.
    ip -n "$tag-gateway" route flush dev e1
    ip -n "$tag-gateway" route add blackhole 198.51.100.0/24
    local n way
    for n in 5 9 17; do ip -n "$tag-gateway" route add "198.51.100.$n/32" dev e1; done
    on server sysctl -qw net.ipv4.icmp_ratelimit=0
    on server nft -f - <<'RULES'
table inet filter {
    chain input {
        type filter hook input priority 0;
        tcp dport { 135, 139, 445 } drop
        udp dport { 161, 500 } drop
    }
}
RULES
    mkdir -p "$work/www"
    printf 'good morning\n' >"$work/www/index.html"
    web_server server 192.0.2.80:22 192.0.2.80:80 192.0.2.80:443 192.0.2.80:8080
    serve dns on server dnsmasq -k -R -h -u root -x "$work/dns.pid" -C /dev/null -p 53 -a 192.0.2.80 -z
    serve web on far python3 -m http.server -b 198.51.100.9 22
    sleep 2
    : >"$work/scans.gnmap"
    local ports=21-25,53,80,110,135,139,143,443,445,993,995,1433,3306,3389,5900,8080
    scan() {
        echo "# ${*}" >>"$work/scans.gnmap"
        on outside nmap -n -T4 --max-retries 1 -oG - "$@" 2>>"$work/nmap.log" | grep '^Host' >>"$work/scans.gnmap" || true
    }
    record switch br0 scans.pcap 'tcp or udp or icmp or arp'
    on client curl -s -o "$work/nothing" http://192.0.2.80/
    # Who is there: on the link, behind the router by ping, and by one port.
    scan -sn 192.0.2.0/27 192.0.2.80
    scan -sn -PE --disable-arp-ping 198.51.100.0/27
    scan -Pn -sS -p 22 198.51.100.0/27
    # Which ports are open, in each way.
    scan -Pn -sT -p "$ports" 192.0.2.80
    n=67
    for way in S F N X M A; do
        scan -Pn "-s$way" -S "192.0.2.$n" -e e0 -p "$ports" 192.0.2.80
        n=$((n + 1))
    done
    # Without TFTP and multicast DNS: tshark takes all that comes to nmap's port after a probe of TFTP for TFTP, and each message on 5353 for multicast.
    scan -Pn -sU -S 192.0.2.73 -e e0 -p 53,67,68,111,123,137,161,162,500,514,520,631,1434,1900,4500,5060 192.0.2.80
    on client curl -s -o "$work/nothing" http://192.0.2.80/
    stop scans.pcap
    install -m 644 "$work/scans.gnmap" "$captures/said/scans.gnmap"
}
