# shellcheck shell=bash disable=SC2154
# Part of record.sh: QUIC with aioquic, and a network that blocks it.

quic() {
    local python=$work/venv/bin/python n
    if [[ -n ${AIOQUIC:-} ]]; then python=$AIOQUIC; else
        python3 -m venv "$work/venv"
        "$python" -m pip install -q 'aioquic==1.2.0'
    fi
    office
    plug client 21 192.0.2.21/24
    plug server 43 192.0.2.43/24 192.0.2.44/24 192.0.2.45/24 192.0.2.46/24
    authority corp 'Corp Root'
    certificate good corp www.corp.example 20250101000000Z 20450101000000Z sha256 ec -pkeyopt ec_paramgen_curve:P-256
    printf '%s\n' '192.0.2.45 www.corp.example' >"$work/hosts"
    mkdir -p "$work/www"
    printf 'good morning\n' >"$work/www/index.html"
    # 45 has the page over TCP too; what comes to it by QUIC is dropped on the way. At 46 nobody listens.
    on server nft -f - <<'RULES'
table inet filter {
    chain input {
        type filter hook input priority 0;
        ip daddr 192.0.2.45 udp dport 443 drop
    }
}
RULES
    cat >"$work/quic.conf" <<CONF
worker_processes 1; pid $work/quic.pid; daemon off; user root;
events { worker_connections 64; }
http {
    access_log off; client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work; uwsgi_temp_path $work; scgi_temp_path $work;
    server {
        listen 192.0.2.45:443 ssl http2; server_name www.corp.example; root $work/www;
        ssl_certificate $work/pki/good.crt; ssl_certificate_key $work/pki/good.key;
    }
}
CONF
    serve nginx on server nginx -c "$work/quic.conf" -e "$work/quic-error.log"
    serve quic on server "$python" "$here/record/quic.py" serve 192.0.2.43 443 --cert "$work/pki/good.crt" --key "$work/pki/good.key"
    serve retry on server "$python" "$here/record/quic.py" serve 192.0.2.44 443 --cert "$work/pki/good.crt" --key "$work/pki/good.key" --retry
    serve blocked on server "$python" "$here/record/quic.py" serve 192.0.2.45 443 --cert "$work/pki/good.crt" --key "$work/pki/good.key"
    : >"$work/quic.keys"
    : >"$captures/said/quic.txt"
    ask3() {
        {
            echo "# $1: $2"
            on client timeout 20 "$python" "$here/record/quic.py" get "$2" 443 www.corp.example "${@:3}" --keys "$work/quic.keys" 2>&1 || true
        } >>"$captures/said/quic.txt"
    }
    sleep 3
    record switch br0 quic.pcap 'udp port 443 or tcp port 443 or icmp'
    ask3 'HTTP/3' 192.0.2.43 / /second --cafile "$work/pki/corp.crt"
    ask3 'Retry' 192.0.2.44 /
    ask3 'a version that the server does not know' 192.0.2.43 / --versions 0x1a2a3a4a,0x00000001
    ask3 'version 2' 192.0.2.43 / --versions 0x6b3343cf
    ask3 'a session' 192.0.2.43 / --session "$work/ticket"
    ask3 'resumed, with early data' 192.0.2.43 /again --session "$work/ticket"
    ask3 'from another port in the midst' 192.0.2.43 / --rebind
    for n in 1 2 3 4 5; do ask3 "a protocol that the server does not offer, $n" 192.0.2.44 / --alpn hq-99; done
    ask3 'blocked' 192.0.2.45 / --patience 2
    # As browsers do: without an answer, over TCP.
    SSLKEYLOGFILE="$work/quic.keys" named client curl -q -s -o "$work/nothing" --cacert "$work/pki/corp.crt" https://www.corp.example/ || true
    ask3 'nobody listens' 192.0.2.46 / --patience 2
    stop quic.pcap
    install -m 644 "$work/quic.keys" "$captures/quic.keys"
}
