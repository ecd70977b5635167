# shellcheck shell=bash disable=SC2154
# Part of record.sh: a program that asks for its orders every five seconds, and somebody who reads pages.

beacon() {
    office
    plug infected 31 10.0.0.31/24
    plug reader 32 10.0.0.32/24
    plug gateway 01 10.0.0.1/24
    add_host outside
    cable gateway e1 02:00:00:00:03:01 outside e0 02:00:00:00:03:02
    addresses gateway e1 198.51.100.1/24
    addresses outside e0 198.51.100.66/24 198.51.100.80/24
    on gateway sysctl -qw net.ipv4.ip_forward=1
    local host n seed
    for host in infected reader; do ip -n "$tag-$host" route add default via 10.0.0.1; done
    ip -n "$tag-outside" route add default via 198.51.100.1
    mkdir -p "$work/www"
    for n in 1 2 3 4 5 6 7 8 9; do head -c "$((n * 700))" /dev/zero | openssl enc -aes-128-ctr -K 0$n -iv 00 2>/dev/null | base64 >"$work/www/page-$n.html"; done
    cat >"$work/orders.conf" <<CONF
worker_processes 1; pid $work/orders.pid; daemon off; user root;
events { worker_connections 64; }
http {
    access_log off; client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work; uwsgi_temp_path $work; scgi_temp_path $work;
    server { listen 198.51.100.66:80; location / { return 200 'nothing to do'; } }
    server { listen 198.51.100.80:80; root $work/www; }
}
CONF
    serve orders on outside nginx -c "$work/orders.conf" -e "$work/orders-error.log"
    sleep 1
    : >"$work/beacon.txt"
    record switch br0 beacon.pcap tcp
    # Every five seconds, half a second more or less; the numbers come from a seed.
    seed=7
    for n in $(seq 1 30); do
        seed=$(((seed * 1103515245 + 12345) % 2147483648))
        date -u +%s.%N >>"$work/beacon.txt"
        on infected curl -q -s -o "$work/nothing" -A 'Mozilla/5.0' --data "id=4711&n=$(printf %04d "$n")" http://198.51.100.66/orders
        sleep "$((4500 + seed / 65536 % 1000))e-3"
    done &
    local asking=$!
    # Somebody who reads for as long as it takes.
    for n in 3 1 4 1 5 9 2 6 5 3 5 8 9 7 9; do
        on reader curl -q -s -o "$work/nothing" "http://198.51.100.80/page-$n.html" || true
        sleep "$((n * n / 5 + 1))"
    done
    wait "$asking"
    stop beacon.pcap
    install -m 644 "$work/beacon.txt" "$captures/said/beacon.txt"
}
