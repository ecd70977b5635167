#!/bin/sh
# Copies the project's captures into fuzz/corpus, where the targets begin. Nothing there is committed.
set -eu
cd "$(dirname "$0")"
for target in reader decoder streams capinfos dhcp dns flows frames http icmp quic select sip tcp tls; do
    mkdir -p "corpus/$target"
    find ../examples/captures ../tests/captures -name '*.pcap*' -not -name '*.gz' -not -name '*.tsv' -exec cp {} "corpus/$target/" \;
done
mkdir -p corpus/codec
cp ../analyzers/codec/fixtures/*.gz ../analyzers/codec/fixtures/*.zst ../analyzers/codec/fixtures/*.lz4 corpus/codec/
for capture in ../examples/captures/*.pcap*; do
    gzip -c "$capture" > "corpus/codec/$(basename "$capture").gz"
done
