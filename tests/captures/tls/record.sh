#!/bin/sh
# Records tls.pcap and keys.log anew: TLS 1.2 and 1.3 with each way to protect records, between curl or OpenSSL and nginx or OpenSSL, in a network
# namespace of its own. Debian 12: curl, nginx, openssl, tshark, wireshark-common. As root. Then ask tshark: `facts.sh`.
set -eu
cd "$(dirname "$0")"
here=$PWD
work=$(mktemp -d)
space=mcpcap-tls
trap 'kill $(cat "$work"/*.pid 2>/dev/null) 2>/dev/null || :; ip netns del $space 2>/dev/null || :; rm -rf "$work"' EXIT
ip netns add $space
run() { ip netns exec $space "$@"; }
run ip link set lo up
for address in 192.0.2.21 192.0.2.80; do run ip address add $address/32 dev lo; done
cd "$work"

for kind in rsa:2048 ec; do
    name=${kind%:*}
    openssl req -x509 -newkey "$kind" $([ $name = ec ] && echo -pkeyopt ec_paramgen_curve:P-256) -nodes -days 30 -subj "/CN=www.example.com" \
        -addext "subjectAltName=DNS:www.example.com,DNS:example.com" -keyout $name.key -out $name.pem 2>/dev/null
done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=alice" -keyout alice.key -out alice.pem 2>/dev/null

mkdir -p www logs
printf 'The quick brown fox jumps over the lazy dog.\n' > www/index.html
seq 1 12000 > www/big.txt
server() {
    cat <<SERVER
    server {
        listen 192.0.2.80:$1 ssl $2;
        ssl_certificate rsa.pem; ssl_certificate_key rsa.key;
        ssl_certificate ec.pem; ssl_certificate_key ec.key;
        ssl_ecdh_curve $3; ssl_early_data on; ssl_verify_client optional_no_ca;
        root www;
        location /form { return 201 "stored"; }
        location /private { return 403 "no"; }
    }
SERVER
}
cat > nginx.conf <<NGINX
daemon off; pid $work/nginx.pid; error_log logs/error.log; worker_processes 1; user root;
events {}
http {
    types { text/html html; text/plain txt; }
    access_log off; gzip on; gzip_types text/plain; gzip_min_length 100;
    client_body_temp_path $work/a; proxy_temp_path $work/b; fastcgi_temp_path $work/c; uwsgi_temp_path $work/d; scgi_temp_path $work/e;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0; ssl_session_tickets on;
$(server 443 http2 X25519:P-256)
$(server 8443 '' P-384)
}
NGINX
run nginx -p "$work" -c "$work/nginx.conf" & sleep 1
tls() { run openssl s_server -accept 192.0.2.80:"$1" -cert rsa.pem -key rsa.key -www -quiet -client_renegotiation "$2" "$3" & echo $! > server$1.pid; }
tls 4431 -ciphersuites TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256
tls 4432 -cipher ALL:@SECLEVEL=0
sleep 1
run dumpcap -q -P -i lo -w "$work/tls.pcap" 2>/dev/null & echo $! > dumpcap.pid
sleep 2

export SSLKEYLOGFILE="$work/keys.log"
get() { run curl -sk --interface 192.0.2.21 --resolve www.example.com:443:192.0.2.80 --resolve www.example.com:8443:192.0.2.80 "$@" >/dev/null; }
site=https://www.example.com
get --http1.1 --tls13-ciphers TLS_AES_256_GCM_SHA384 -u alice:secret-of-alice -b session=secret-cookie $site/private $site/
get --http1.1 --tls13-ciphers TLS_AES_128_GCM_SHA256 "$site/?token=secret-token" $site/missing
get --http2 --tls13-ciphers TLS_CHACHA20_POLY1305_SHA256 -d 'user=alice&password=secret-of-form' $site/form
get --http2 --compressed $site/ $site/big.txt $site/missing
for cipher in ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-CHACHA20-POLY1305 AES128-SHA AES256-SHA256 ECDHE-RSA-AES256-SHA384 AES128-CCM AES256-CCM8; do
    get --http1.1 --tls-max 1.2 --ciphers "$cipher:@SECLEVEL=0" "$site/?with=$cipher"
done
get --http2 --tls-max 1.2 --ciphers ECDHE-RSA-AES256-GCM-SHA384 $site/big.txt
# The server wants another group; and a certificate that the client does not accept, which it says in an encrypted alert.
get --http1.1 $site:8443/
run curl -s --interface 192.0.2.21 --resolve www.example.com:443:192.0.2.80 $site/ >/dev/null || :
# Nobody wrote down the secrets of this one.
(unset SSLKEYLOGFILE; get --http1.1 "$site/?nobody=knows")

client() { run openssl s_client -bind 192.0.2.21:0 -keylogfile "$work/more.log" -quiet -servername www.example.com "$@" >/dev/null 2>&1; }
ask() { printf 'GET %s HTTP/1.1\r\nHost: www.example.com\r\nConnection: %s\r\n\r\n' "$1" "$2"; }
# MAC, then encrypt.
for cipher in AES128-SHA AES256-SHA256 ECDHE-RSA-AES256-SHA384; do
    ask "/?before=$cipher" close | client -connect 192.0.2.80:443 -tls1_2 -no_etm -cipher "$cipher:@SECLEVEL=0" -ign_eof || :
done
for suite in TLS_AES_128_CCM_SHA256 TLS_AES_128_CCM_8_SHA256; do
    ask "/?$suite" close | client -connect 192.0.2.80:4431 -tls1_3 -ciphersuites $suite -ign_eof || :
done
interactive() { run openssl s_client -bind 192.0.2.21:0 -keylogfile "$work/more.log" -servername www.example.com "$@" >/dev/null 2>&1; }
# KeyUpdate, of the client alone and of both; a client certificate; new keys within what is encrypted.
(ask /?keys=1 keep-alive; sleep 0.5; echo k; sleep 0.5; ask /?keys=2 keep-alive; sleep 0.5; echo K; sleep 0.5; ask /?keys=3 keep-alive; sleep 0.5; echo Q) |
    interactive -connect 192.0.2.80:443 -tls1_3 || :
(ask /?certificate keep-alive; sleep 0.5; echo Q) | interactive -connect 192.0.2.80:443 -tls1_3 -cert alice.pem -key alice.key || :
(sleep 0.5; echo R; sleep 0.5; ask /?anew close; sleep 0.5) | interactive -connect 192.0.2.80:4432 -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256 || :
# Resumption with data before the handshake, and with TLS 1.2.
(sleep 0.3; ask /?first keep-alive; sleep 0.5; echo Q) | interactive -connect 192.0.2.80:443 -tls1_3 -sess_out session || :
ask /?early close > early
(sleep 0.7; echo Q) | interactive -connect 192.0.2.80:443 -tls1_3 -sess_in session -early_data early || :
(sleep 0.3; ask /?old keep-alive; sleep 0.5; echo Q) | interactive -connect 192.0.2.80:443 -tls1_2 -sess_out session || :
(sleep 0.3; ask /?resumed keep-alive; sleep 0.5; echo Q) | interactive -connect 192.0.2.80:443 -tls1_2 -sess_in session || :

sleep 1
kill -INT "$(cat dumpcap.pid)"; sleep 1
cp tls.pcap "$here/tls.pcap"
cat keys.log more.log > "$here/keys.log"
# The same with its secrets in the file.
editcap --inject-secrets tls,"$here/keys.log" -F pcapng tls.pcap "$here/secrets.pcapng"
