#!/usr/bin/env python3
"""Checks Dockerfile without a container engine: runs what it says, then the program as the image would hold it.

    check_dockerfile.py                    # everything; the build takes some minutes
    check_dockerfile.py --binary FILE      # the final stage only, with a program that is there already

The builder's steps run in a clean folder that holds what .dockerignore lets through of the files in git. The program then runs in a
root file system made of itself, the libraries it asks for and CA certificates: read-only but for /tmp, as the image's user, without
capabilities. Needs root on Linux, git, openssl, util-linux, binutils, and Rust where it builds.
"""

import argparse
import fnmatch
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

# What gcr.io/distroless/cc-debian13 has of what a program may link to, and the version of its glibc.
LIBRARIES = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1"}
LOADERS = {"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
GLIBC = (2, 41)

TOKEN = "check-dockerfile-token"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--binary", type=Path, help="check the final stage with this program, and build nothing")
    arguments = parser.parse_args()
    stages = parse((PROJECT / "Dockerfile").read_text())
    assert [stage["name"] for stage in stages] == ["builder", None], "two stages, the first named builder"
    builder, final = stages
    with tempfile.TemporaryDirectory(prefix="check-dockerfile-") as folder:
        clean = Path(folder, "builder")
        clean.mkdir()
        source = copy_context(clean, builder)
        if arguments.binary is None:
            run_steps(source, builder)
        else:
            built = source / "target/release/mcpcap"
            built.parent.mkdir(parents=True)
            shutil.copy(arguments.binary, built)
        root = Path(folder, "root")
        binary = assemble(root, clean, final)
        libraries(binary, root)
        check_metadata(final)
        run_image(root, Path(folder))
    print("all checks passed")


def parse(text):
    """The stages of a Dockerfile, each a list of instructions."""
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\\\n\s*", " ", text)
    stages, variables = [], {}
    for line in filter(None, map(str.strip, text.splitlines())):
        word, rest = line.split(maxsplit=1)
        if word == "ARG" and not stages:
            name, value = rest.split("=", 1)
            variables[name] = value
        elif word == "FROM":
            for name, value in variables.items():
                rest = rest.replace(f"${{{name}}}", value)
            image, *named = rest.split()
            stages.append({"image": image, "name": named[1] if named else None, "steps": []})
        else:
            stages[-1]["steps"].append((word, rest))
    return stages


def ignored(path, rules):
    """What .dockerignore says of a path: the last rule that names it or a folder above it."""
    answer = False
    for rule in rules:
        pattern = rule.lstrip("!").strip("/")
        parents = ["/".join(path.split("/")[: depth + 1]) for depth in range(path.count("/") + 1)]
        if any(fnmatch.fnmatchcase(parent, pattern) for parent in parents):
            answer = not rule.startswith("!")
    return answer


def copy_context(clean, builder):
    """The folder that WORKDIR names, with the build's context in it."""
    rules = [line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    kept = [name for name in listed.split("\0") if name and not ignored(name, rules)]
    workdir = next(rest for word, rest in builder["steps"] if word == "WORKDIR")
    source = clean / workdir.lstrip("/")
    copies = [rest for word, rest in builder["steps"] if word == "COPY"]
    assert copies == [". ."], f"the builder copies its whole context, not {copies}"
    for name in kept:
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, target)
    assert not any(name.endswith((".pcap", ".pcapng")) for name in kept), "no capture is in the context"
    print(f"context: {len(kept)} of {len(listed.split(chr(0))) - 1} files")
    return source


def run_steps(source, builder):
    """The RUN steps, in order, as the image's shell runs them. Nothing of this machine's cargo settings is taken along."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CARGO_") or name == "CARGO_HOME"}
    environment.pop("RUSTFLAGS", None)
    for word, rest in builder["steps"]:
        if word != "RUN":
            continue
        print(f"RUN {rest}", flush=True)
        started = time.monotonic()
        subprocess.run(["/bin/sh", "-c", rest], cwd=source, env=environment, check=True)
        print(f"    took {time.monotonic() - started:.0f} s", flush=True)


def assemble(root, clean, final):
    """The final stage's files, without its base image's; gives the program's place."""
    binary = None
    for word, rest in final["steps"]:
        if word == "COPY":
            option, source, target = rest.split()
            assert option == "--from=builder", rest
            found, put = clean / source.lstrip("/"), root / target.lstrip("/")
            assert found.is_file(), f"COPY: the builder has no {source}"
            put.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(found, put)
            binary = put
            print(f"COPY {source} ({found.stat().st_size / 1e6:.1f} MB)")
        elif word == "WORKDIR":
            (root / rest.lstrip("/")).mkdir(parents=True)
    (root / "tmp").mkdir()
    return binary


def libraries(binary, root):
    """Copies what the program links to, after a check that the base image has it in a version that will do."""
    listed = subprocess.run(["ldd", binary], check=True, capture_output=True, text=True).stdout
    names = []
    for line in listed.splitlines():
        if found := re.search(r"(/\S+) \(0x", line):
            path = Path(found[1])
            assert path.name in LIBRARIES | LOADERS, f"{path.name} is not in the final image"
            names.append(path.name)
            target = root / str(path).lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    symbols = subprocess.run(["objdump", "-T", binary], check=True, capture_output=True, text=True).stdout
    newest = max(tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_(\d+\.\d+)", symbols))
    assert newest <= GLIBC, f"glibc {newest} is asked for"
    print(f"libraries: {', '.join(sorted(names))}; glibc {newest[0]}.{newest[1]} or newer")


def check_metadata(final):
    """What an image says of itself."""
    steps = final["steps"]
    assert ("USER", "65532:65532") in steps and ("EXPOSE", "8080") in steps and ("ENTRYPOINT", '["mcpcap"]') in steps
    # Without a shell, only the exec form works.
    health = next(rest for word, rest in steps if word == "HEALTHCHECK")
    assert json.loads(health.split("CMD ", 1)[1]) == ["mcpcap", "healthcheck"], health
    assert not [rest for word, rest in steps if word == "RUN"], "there is no shell that could run anything"


ENTER = """
import os, sys
os.chroot(sys.argv[1])
os.chdir("/pcaps")
os.setgroups([])
os.setgid(65532)
os.setuid(65532)
os.execvp("mcpcap", ["mcpcap", *sys.argv[2:]])
"""


def in_image(root, arguments, **variables):
    """The program in a mount namespace of its own: read-only but for /tmp, without /proc and /dev, and without capabilities."""
    mounts = f"""
        set -e
        mount --bind {root} {root}
        mount --bind {PROJECT}/examples/captures {root}/pcaps
        mount -o remount,bind,ro {root}/pcaps
        mount -t tmpfs -o size=64m,mode=1777,nosuid,nodev,noexec tmpfs {root}/tmp
        mount -o remount,bind,ro {root}
        exec "$@"
    """
    clean = ["env", "-i", "PATH=/usr/local/bin", *(f"{name}={value}" for name, value in variables.items())]
    enter = ["setpriv", "--no-new-privs", *clean, sys.executable, "-c", ENTER, str(root), *arguments]
    return subprocess.Popen(
        ["unshare", "--mount", "--", "sh", "-c", mounts, "sh", *enter],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finish(process, request=""):
    """What a program wrote that ended well."""
    out, error = process.communicate(request, timeout=60)
    assert process.returncode == 0, f"exit code {process.returncode}: {error}"
    return out


def run_image(root, folder):
    """The program as a container runs it: at a terminal, over stdio, over HTTP, and with a download."""
    certificates = root / "etc/ssl/certs/ca-certificates.crt"
    certificates.parent.mkdir(parents=True)
    authority = make_certificate(folder)
    shutil.copy(authority, certificates)

    print("--version:", finish(in_image(root, ["--version"])).strip())

    report = json.loads(finish(in_image(root, ["analyze", "analyze_capinfos", "dns.pcap"])))
    assert report["total_packets"] > 0 and report["capture"]["complete"]
    print(f"a file below /pcaps: {report['total_packets']} packets")

    with serve(folder) as port:
        url = f"https://127.0.0.1:{port}/dns.pcap"
        fetched = json.loads(finish(in_image(root, ["analyze", "analyze_capinfos", url, "--allow-private-urls"])))
    assert fetched["total_packets"] == report["total_packets"]
    print("a download over https, by the CA certificates of /etc/ssl/certs, into /tmp: the same")

    answer = json.loads(finish(in_image(root, []), json.dumps(initialize()) + "\n"))
    print("stdio:", answer["result"]["serverInfo"]["name"], answer["result"]["serverInfo"]["version"])

    http(root)


def initialize():
    """The first request of a session."""
    client = {"name": "check-dockerfile", "version": "1"}
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
    return {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}


def http(root):
    """The server as compose.yaml starts it, but for the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    flags = ["--transport=http", "--host=0.0.0.0", f"--port={port}"]
    server = in_image(root, flags, MCPCAP_AUTH_TOKEN=TOKEN)
    try:
        health = f"http://127.0.0.1:{port}/healthz"
        for _ in range(100):
            assert server.poll() is None, server.stderr.read()
            try:
                assert urllib.request.urlopen(health, timeout=5).status == 200
                break
            except (ConnectionError, urllib.error.URLError) as error:
                if isinstance(error, urllib.error.HTTPError):
                    raise
                time.sleep(0.1)
        else:
            raise AssertionError("the server does not listen")
        finish(in_image(root, ["healthcheck", health]))
        print("http: /healthz answers, and mcpcap healthcheck finds it")

        status = dict(line.split(":", 1) for line in Path(f"/proc/{server.pid}/status").read_text().splitlines())
        assert status["Uid"].split() == ["65532"] * 4 and int(status["CapEff"], 16) == 0 and status["NoNewPrivs"].strip() == "1"
        assert post(port, {}) == 401 and post(port, {"Authorization": f"Bearer {TOKEN}"}) == 200
        print("http: user 65532 without capabilities; initialize needs the token")
    finally:
        server.terminate()
        code = server.wait(timeout=15)
    assert code == 0, f"exit code {code} after SIGTERM"
    assert finish_fails(in_image(root, ["healthcheck", health])), "healthcheck finds a server that has ended"
    print("http: SIGTERM ends it with exit code 0; mcpcap healthcheck then fails")


def finish_fails(process):
    """Whether a program ended with a failure."""
    process.communicate(timeout=60)
    return process.returncode != 0


def post(port, headers):
    """The status of an initialize request."""
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **headers}
    body = json.dumps(initialize()).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/mcp", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def make_certificate(folder):
    """A certificate for this machine, which is its own authority."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
        + ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
        + ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        capture_output=True,
    )
    return folder / "cert.pem"


class serve:
    """The example captures over https, for as long as the block runs."""

    def __init__(self, folder):
        class Quiet(SimpleHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=PROJECT / "examples/captures"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.server.server_address[1]

    def __exit__(self, *failure):
        self.server.shutdown()


if __name__ == "__main__":
    main()
