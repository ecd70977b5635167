# The image of mcpcap: the program, its three system libraries, CA certificates, and nothing else.
#
#   docker build -t mcpcap .
#   docker run --rm -i -v "$PWD:/pcaps:ro" mcpcap                           # over stdio
#
# Works with docker build, buildah and podman; podman and buildah keep HEALTHCHECK only with --format docker.
# amd64 and arm64: each is built on its own kind of machine or emulated, as components are compiled for the machine that builds.

# An older glibc than the final image's: a program runs with a newer glibc than it was linked with, not with an older one.
ARG BUILDER=docker.io/library/rust:1.95-bookworm
# glibc rather than a static musl binary: ring compiles C, which for musl needs another compiler, and musl's allocator is slow with
# many threads. The program needs libc, libm and libgcc_s, which this image has, with CA certificates, and without a shell.
ARG RUNTIME=gcr.io/distroless/cc-debian13:nonroot

FROM ${BUILDER} AS builder
WORKDIR /src
RUN rustup target add wasm32-wasip2
COPY . .
# Symbols are a tenth of the program, and of no use where there is no debugger.
RUN CARGO_PROFILE_RELEASE_STRIP=symbols cargo build --release --locked

FROM ${RUNTIME}
LABEL io.modelcontextprotocol.server.name="io.github.mcpcap/mcpcap" \
      org.opencontainers.image.title="mcpcap" \
      org.opencontainers.image.description="MCP server that analyses packet captures in WebAssembly sandboxes" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.source="https://github.com/mcpcap/mcpcap" \
      org.opencontainers.image.licenses="MIT"
COPY --from=builder /src/LICENSE /usr/share/doc/mcpcap/LICENSE
COPY --from=builder /src/target/release/mcpcap /usr/local/bin/mcpcap
# A number, so that Kubernetes can tell that it is not root.
USER 65532:65532
# Captures are mounted here; over HTTP the program reads nothing outside its working directory.
WORKDIR /pcaps
EXPOSE 8080
# For HTTP. Over stdio nothing listens, and the container counts as unhealthy, which has no effect there.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["mcpcap", "healthcheck"]
ENTRYPOINT ["mcpcap"]
