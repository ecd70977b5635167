#!/bin/sh
# Runs fuzz targets one after another: run.sh [TARGET...], FUZZ_SECONDS each. What is found stays in fuzz/artifacts; says what each did.
set -u
cd "$(dirname "$0")"
seconds=${FUZZ_SECONDS:-600}
[ $# -gt 0 ] || set -- reader codec decoder streams capinfos dhcp dns flows frames http icmp quic quic_frames sip tcp tls
./seed.sh
# Without the address sanitizer: the code is safe Rust, and runs twice as often.
cargo +nightly fuzz build -s none --release || exit 1
mkdir -p artifacts
failed=0
for target in "$@"; do
    begun=$(date +%s)
    # A call into a component may take 10 s and an instance 64 MiB; the corpus takes memory too.
    nice -n 19 cargo +nightly fuzz run -s none --release "$target" -- -max_total_time="$seconds" -max_len=20000 -timeout=10 \
        -rss_limit_mb=1024 -print_final_stats=1 > "artifacts/$target.log" 2>&1 || failed=1
    took=$(($(date +%s) - begun))
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "artifacts/$target.log" | tail -1)
    peak=$(sed -n 's/^stat::peak_rss_mb: *//p' "artifacts/$target.log" | tail -1)
    found=$(find "artifacts/$target" -type f 2> /dev/null | wc -l)
    echo "$target: $took s, ${executions:-?} executions, ${peak:-?} MB at most, $found found"
done
exit $failed
