# shellcheck shell=bash disable=SC2154,SC2034
# Part of record.sh: TLS and DTLS. Certificates that are good, and each of the ways in which they are not; versions and suites from the worst to the best.

# An authority NAME, whose certificate says COMMON-NAME.
authority() {
    mkdir -p "$work/pki/$1"
    : >"$work/pki/$1/index.txt"
    openssl rand -hex 8 >"$work/pki/$1/serial"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/pki/$1.key" -out "$work/pki/$1.crt" \
        -subj "/O=Corp/CN=$2" -days 7300 2>>"$work/openssl.log"
    cat >"$work/pki/$1.conf" <<CONF
[ca]
default_ca = it
[it]
database = $work/pki/$1/index.txt
serial = $work/pki/$1/serial
new_certs_dir = $work/pki/$1
certificate = $work/pki/$1.crt
private_key = $work/pki/$1.key
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
organizationName = optional
commonName = supplied
CONF
}

# certificate NAME AUTHORITY COMMON-NAME BEGIN END DIGEST KEY...: a certificate and its key.
certificate() {
    openssl req -new -newkey "${@:7}" -nodes -keyout "$work/pki/$1.key" -out "$work/pki/$1.csr" -subj "/O=Corp/CN=$3" \
        -addext "subjectAltName=DNS:$3" 2>>"$work/openssl.log"
    openssl ca -batch -notext -config "$work/pki/$2.conf" -in "$work/pki/$1.csr" -out "$work/pki/$1.crt" -startdate "$4" -enddate "$5" \
        -md "$6" 2>>"$work/openssl.log"
}

certificates() {
    local ec=(ec -pkeyopt ec_paramgen_curve:P-256) long=(20250101000000Z 20450101000000Z)
    authority corp 'Corp Root'
    authority other 'Another Root'
    certificate good corp www.corp.example "${long[@]}" sha256 "${ec[@]}"
    certificate rsa corp www.corp.example "${long[@]}" sha256 rsa:2048
    certificate expired corp mail.corp.example 20200101000000Z 20210101000000Z sha256 "${ec[@]}"
    certificate future corp next.corp.example 20400101000000Z 20450101000000Z sha256 "${ec[@]}"
    certificate weak corp legacy.corp.example "${long[@]}" sha1 rsa:1024
    certificate wrong corp elsewhere.example "${long[@]}" sha256 "${ec[@]}"
    certificate false other www.corp.example "${long[@]}" sha256 "${ec[@]}"
    certificate alice corp alice "${long[@]}" sha256 "${ec[@]}"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/pki/self.key" -out "$work/pki/self.crt" \
        -subj /CN=printer.corp.example -addext subjectAltName=DNS:printer.corp.example -days 3650 2>>"$work/openssl.log"
}

# listen PORT CERTIFICATE OPTION...: openssl s_server.
listen() {
    # shellcheck disable=SC2016
    serve "s_server-$1" on server sh -c 'sleep 3600 | exec openssl s_server "$@"' sh -accept "192.0.2.44:$1" \
        -cert "$work/pki/$2.crt" -key "$work/pki/$2.key" "${@:3}"
}

# talk WHAT PORT SERVER-NAME OPTION...: openssl s_client says a line and leaves. What it tells is kept beside the capture.
talk() {
    {
        echo "# $1: port $2, $3"
        { echo hello; sleep 0.4; } | named client timeout 8 openssl s_client -brief -connect "192.0.2.44:$2" -servername "$3" \
            -CAfile "$work/pki/corp.crt" -keylogfile "$work/tls.keys" "${@:4}" 2>&1 |
            sed -nE 's/.*(SSL alert number .*)/\1/; /^(Protocol version|Ciphersuite|Peer certificate|Verification|verify error|SSL alert)/p' || true
    } >>"$captures/said/tls.txt"
}

tls() {
    office
    plug client 21 192.0.2.21/24 2001:db8::21/64
    plug server 44 192.0.2.44/24 192.0.2.45/24 192.0.2.25/24 2001:db8::45/64
    printf '%s\n' '192.0.2.45 www.corp.example' '2001:db8::45 six.corp.example' '192.0.2.25 mail.corp.example' >"$work/hosts"
    certificates
    : >"$work/tls.keys"
    : >"$captures/said/tls.txt"
    tls_servers
    sleep 2
    ip netns exec "$tag-switch" dumpcap -q -i br0 -f 'tcp or udp' -w "$work/tls.pcapng" \
        --capture-comment 'openssl, GnuTLS, curl, nginx and aiosmtpd: versions, suites and certificates. The keys are in tls.keys.' 2>"$work/dumpcap.log" &
    recorder=$!
    sleep 2
    tls_clients
    stop tls.pcapng
    install -m 644 "$work/tls.keys" "$captures/tls.keys"
    for name in corp good rsa expired future weak wrong false alice self; do
        openssl x509 -in "$work/pki/$name.crt" -noout -fingerprint -sha256 | sed "s/.*=/$name /; s/://g"
    done | tr 'A-F' 'a-f' >"$captures/said/tls.sha256"
}

tls_servers() {
    local worst=(-cipher 'ALL:NULL:@SECLEVEL=0')
    listen 443 good -early_data
    listen 1443 good -groups P-384
    listen 2443 rsa "${worst[@]}" -serverpref
    listen 3443 expired
    listen 4443 self
    listen 5443 wrong
    listen 6443 weak "${worst[@]}"
    listen 7443 future
    listen 8443 false
    listen 9443 good -tls1_3
    listen 1444 rsa "${worst[@]}" -tls1_2
    listen 2444 good -Verify 1 -CAfile "$work/pki/corp.crt"
    openssl dhparam -out "$work/pki/dh.pem" -2 1024 2>>"$work/openssl.log"
    listen 3444 rsa -cipher 'DHE:@SECLEVEL=0' -dhparam "$work/pki/dh.pem" -tls1_2
    listen 4444 rsa -dtls1_2 -listen
    listen 5444 rsa -dtls1 -cipher 'ALL:@SECLEVEL=0'
    # What OpenSSL no longer has, GnuTLS does: RC4 and 3DES.
    local old=NONE:+VERS-TLS1.2:+VERS-TLS1.0:+RSA:+SHA1:+MD5:+COMP-NULL:+SIGN-ALL:+GROUP-ALL
    serve rc4 on server gnutls-serv -q --echo -p 6444 --x509certfile "$work/pki/rsa.crt" --x509keyfile "$work/pki/rsa.key" --priority "$old:+ARCFOUR-128"
    serve des on server gnutls-serv -q --echo -p 7444 --x509certfile "$work/pki/rsa.crt" --x509keyfile "$work/pki/rsa.key" --priority "$old:+3DES-CBC"
    serve smtp named server aiosmtpd -n -l 192.0.2.25:25 --tlscert "$work/pki/expired.crt" --tlskey "$work/pki/expired.key" -c aiosmtpd.handlers.Sink
    mkdir -p "$work/www"
    printf 'good morning\n' >"$work/www/index.html"
    cat >"$work/tls.conf" <<CONF
worker_processes 1; pid $work/tls.pid; daemon off; user root;
events { worker_connections 64; }
http {
    access_log off; client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work; uwsgi_temp_path $work; scgi_temp_path $work;
    server {
        listen 192.0.2.45:443 ssl http2; listen [2001:db8::45]:443 ssl http2; server_name www.corp.example; root $work/www;
        ssl_certificate $work/pki/good.crt; ssl_certificate_key $work/pki/good.key; ssl_protocols TLSv1.2 TLSv1.3;
    }
}
CONF
    serve nginx on server nginx -c "$work/tls.conf" -e "$work/tls-error.log"
}

tls_clients() {
    local n www=www.corp.example
    talk 'TLS 1.3' 443 $www
    talk 'TLS 1.3, another suite' 443 $www -ciphersuites TLS_CHACHA20_POLY1305_SHA256
    talk 'TLS 1.2' 443 $www -tls1_2
    talk 'TLS 1.3, asked for another group' 1443 $www -groups P-521:P-384
    talk 'a session of TLS 1.2' 2443 $www -tls1_2 -sess_out "$work/session-12"
    talk 'the same, resumed' 2443 $www -tls1_2 -sess_in "$work/session-12"
    talk 'a session of TLS 1.3' 443 $www -sess_out "$work/session-13"
    talk 'the same, resumed' 443 $www -sess_in "$work/session-13" -sess_out "$work/session-13b"
    echo early >"$work/early"
    talk 'the same, with early data' 443 $www -sess_in "$work/session-13b" -early_data "$work/early"
    talk 'TLS 1.1' 2443 $www -tls1_1 -cipher DEFAULT@SECLEVEL=0
    talk 'TLS 1.0' 2443 $www -tls1 -cipher DEFAULT@SECLEVEL=0
    talk 'AES in CBC' 2443 $www -tls1_2 -cipher ECDHE-RSA-AES128-SHA256
    talk 'the key exchange of RSA' 2443 $www -tls1_2 -cipher AES256-GCM-SHA384
    # Certificates that are not right.
    talk 'expired' 3443 mail.corp.example -tls1_2
    talk 'self-signed' 4443 printer.corp.example -tls1_2
    talk 'for another name' 5443 intranet.corp.example -tls1_2
    talk 'RSA of 1024 bits, SHA-1' 6443 legacy.corp.example -tls1_2 -cipher DEFAULT@SECLEVEL=0
    talk 'not yet valid' 7443 next.corp.example -tls1_2
    talk 'of another authority' 8443 $www -tls1_2
    # Suites that are not right.
    talk 'no encryption' 1444 $www -tls1_2 -cipher NULL-SHA256:@SECLEVEL=0
    talk 'no authentication' 1444 $www -tls1_2 -cipher ADH-AES128-SHA256:@SECLEVEL=0
    talk 'Diffie-Hellman with 1024 bits' 3444 $www -tls1_2 -cipher DHE:@SECLEVEL=0
    old() {
        {
            echo "# $1: port $2, $www"
            { echo hello; sleep 0.4; } | SSLKEYLOGFILE="$work/tls.keys" named client timeout 8 gnutls-cli --insecure --sni-hostname $www -p "$2" \
                --priority "$3" 192.0.2.44 2>&1 | grep -E '^- (Description|Status)' || true
        } >>"$captures/said/tls.txt"
    }
    old RC4 6444 NORMAL:+ARCFOUR-128:+RSA:+SHA1:-VERS-TLS1.3
    old 'RC4 of TLS 1.0' 6444 NORMAL:+ARCFOUR-128:+RSA:+SHA1:-VERS-ALL:+VERS-TLS1.0
    old 3DES 7444 NORMAL:+3DES-CBC:+RSA:+SHA1:-VERS-TLS1.3
    # A client with a certificate, and one without.
    talk 'with a certificate' 2444 $www -tls1_2 -cert "$work/pki/alice.crt" -key "$work/pki/alice.key"
    talk 'without one' 2444 $www -tls1_2
    # Refused: by the client, who does not know the authority, and by the server.
    for n in 1 2 3 4 5; do talk "authority not known, $n" 8443 $www -tls1_2 -verify_return_error; done
    talk 'no suite in common' 443 $www -tls1_2 -cipher AES128-SHA
    talk 'no version in common' 9443 $www -tls1_2
    talk 'a fallback that was not needed' 443 $www -tls1_2 -fallback_scsv
    # DTLS.
    talk 'DTLS 1.2' 4444 $www -dtls1_2
    talk 'DTLS 1.0' 5444 $www -dtls1 -cipher DEFAULT@SECLEVEL=0
    # Behind STARTTLS, and a browser's way: HTTP/2.
    printf 'Subject: hello\n\nhello\n' >"$work/mail.txt"
    export SSLKEYLOGFILE="$work/tls.keys"
    talk 'STARTTLS' 25 mail.corp.example -tls1_2 -starttls smtp -connect 192.0.2.25:25
    visit() { named client curl -q -s -S --max-time 10 -o "$work/nothing" --cacert "$work/pki/corp.crt" "$@" >>"$work/curl.log" 2>&1 || true; }
    visit --insecure --ssl-reqd smtp://mail.corp.example:25 --mail-from alice@corp.example --mail-rcpt bob@corp.example -T "$work/mail.txt"
    visit https://www.corp.example/
    visit --tls-max 1.2 https://www.corp.example/ https://www.corp.example/missing
    visit --http1.1 https://www.corp.example/
    visit --insecure https://six.corp.example/
    # Nothing but HTTP, where TLS is wanted.
    visit http://www.corp.example:443/
    unset SSLKEYLOGFILE
}
