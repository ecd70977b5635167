#!/usr/bin/env python3
"""Checks that the example analyzers give the same reports: on the capture of known banners, on connections made here with all that happens to them, and on captures
that are named.

    examples/analyzers/same.py target/debug/mcpcap [CAPTURE...]
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import made

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
COMPONENTS = [HERE / path for path in ("banners/banners.wasm", "c/banners-c.wasm", "javascript/banners-javascript.wasm", "python/banners-python.wasm")]
ARGUMENTS = ([], ["speaks_first=server"], ["speaks_first=client", "limit=1"])


def report(program: str, component: Path, capture: str, arguments: list) -> dict:
    given = ["max_chars=200000", "as_objects=true", *([] if "limit=1" in arguments else ["limit=100"]), *arguments]
    asked = [program, "analyzer", "run", str(component), capture, *[part for one in given for part in ("--arg", one)]]
    done = subprocess.run(asked, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{component} on {capture}: {done.stderr}")
    read = json.loads(done.stdout)
    # The pages of each analyzer have names of their own.
    read.pop("shown", None)
    # The SDK cites more frames of a finding than those written without it keep.
    for finding in read.get("findings", []):
        del finding["frames"][20:]
    return read


def main() -> None:
    program, named = os.path.abspath(sys.argv[1]), sys.argv[2:]
    captures = named or [*PROJECT.glob("examples/captures/*.pcap*"), *PROJECT.glob("tests/captures/reported/*"), HERE / "banners.pcap"]
    findings = servers = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(8):
            path = Path(folder, f"made-{seed}.pcap")
            path.write_bytes(made.streams(seed, [20, 200, 1500][seed % 3]))
            captures.append(path)
        for capture in map(str, captures):
            for arguments in ARGUMENTS:
                reports = [report(program, component, capture, arguments) for component in COMPONENTS]
                for component, other in zip(COMPONENTS, reports):
                    differing = [name for name in reports[0] if other.get(name) != reports[0][name]]
                    if differing or other.keys() != reports[0].keys():
                        sys.exit(f"{component.name} differs from {COMPONENTS[0].name} on {capture} {arguments}: {differing}")
                findings += len(reports[0]["findings"])
                servers += len(reports[0].get("servers", []))
    if not findings or not servers:
        sys.exit("no capture had findings and servers, so they were not compared")
    print(f"{len(COMPONENTS)} analyzers, {len(captures)} captures: the same reports, with {servers} servers and {findings} findings")


main()
