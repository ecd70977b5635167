# What is missing is installed here: the WebAssembly target is all that a Rust installation lacks.
CARGO ?= cargo
WASM = wasm32-wasip2
TARGET = $(or $(CARGO_TARGET_DIR),target)

.PHONY: all build demo test bench examples cluster lint format captures conformance load fuzz torture mcpb picture wasm-target

all: build

## The program, as target/release/mcpcap.
build: wasm-target
	$(CARGO) build --release --locked

## Builds, and shows what the program finds in a real recording: the same as an MCP client is told, in the form for people.
demo: build
	$(TARGET)/release/mcpcap analyze dns examples/captures/dns.pcap --format report

## Unit tests of host and components, then the real binary end to end.
test: wasm-target
	$(CARGO) test --locked $(TESTED)

# Whoever builds another selection of packages has other features in what they share, and builds most of it again.
TESTED = --workspace --exclude mcpcap-hostile-analyzer --exclude mcpcap-hostile-decoder --exclude mcpcap-hostile-packets --exclude mcpcap-hostile-reader \
	--exclude mcpcap-hostile-speaker --exclude mcpcap-bench

## Measures every tool beside tshark, the Python project and native code, and writes docs/performance.md; takes half an hour. ARGS=--quick to try,
## ARGS=--large for 10 GB and ten million frames. The generators are tested first.
bench: build
	$(CARGO) test --release --locked -p mcpcap-bench --lib
	$(CARGO) build --release --locked -p mcpcap-bench
	$(TARGET)/release/mcpcap-bench measure $(TARGET)/release/mcpcap $(TARGET)/bench docs $(ARGS)

## The example analyzers and a project of each template, built with their own tools, tested, checked in the sandbox, and compared. Needs python3 and npm.
examples: wasm-target
	$(CARGO) test --locked $(TESTED) --no-run
	tests/tools/examples.sh $(abspath $(TARGET)/debug/mcpcap)

## What examples/cluster does, on this machine: Ray on two nodes of which one is lost, a Kubernetes job, DuckDB and Spark, each compared with one machine's data set.
## Needs Java and python3, and on Linux user namespaces; nothing leaves the machine but what pip fetches.
cluster: build
	tests/tools/cluster/run.sh $(TARGET)/release/mcpcap $(TARGET)/cluster

## Format and lints, of the host natively and of the components for WebAssembly: in the profile that they are built in, so that what runs at build time is there already.
lint: wasm-target
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets --features mcpcap-bench/line -- -D warnings
	$(CARGO) clippy --locked --profile guest --target $(WASM) --target-dir $(TARGET)/guests $(addprefix -p ,$(GUESTS)) -- -D warnings

GUESTS = mcpcap-reader mcpcap-codec mcpcap-decoder mcpcap-dns mcpcap-dhcp mcpcap-icmp mcpcap-capinfos mcpcap-flows mcpcap-tcp mcpcap-http mcpcap-sip mcpcap-tls mcpcap-quic mcpcap-frames \
	mcpcap-hostile-analyzer mcpcap-hostile-decoder mcpcap-hostile-packets mcpcap-hostile-reader mcpcap-hostile-speaker

format:
	$(CARGO) fmt --all

## The official conformance suite of MCP against the program over HTTP, for each revision. Needs npm.
conformance: build
	tests/conformance/run.sh $(TARGET)/release/mcpcap

## 10,000 quick calls and 200 sessions at once over HTTP: what was answered, refused and dropped, and what memory is left with.
load: build
	tests/tools/load.py $(TARGET)/release/mcpcap

## Attacks the program in every way that is known, and writes into docs/hardening.md what it took. Needs Python and an hour.
torture: build
	python3 tests/tools/torture $(TARGET)/release/mcpcap --write docs/hardening.md

## Fuzzes reader, codec, decoder with its columns, streams and each analyzer natively, FUZZ_SECONDS each (600). Needs a nightly compiler and cargo-fuzz.
fuzz:
	fuzz/run.sh

## Records the captures in examples/captures again. Needs root on Debian.
captures:
	examples/captures/record.sh

## The bundle that Claude Desktop and others install, for this kind of machine, in target/mcpb; prints its SHA-256. Needs Python.
mcpb: build
	packaging/mcpb/bundle.py $(TARGET)/release/mcpcap $(TARGET)/mcpb

## The picture of an answer in the README, from a real run. Needs Python.
picture: build
	tests/tools/picture.py $(TARGET)/release/mcpcap docs/answer.svg analyze sip examples/captures/sip.pcap

wasm-target:
	@rustup target list --installed | grep -qx $(WASM) || rustup target add $(WASM)
