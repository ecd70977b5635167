#!/usr/bin/env python3
"""Checks that the example analyzers give the same reports: on captures made here, with what ARP spoofing and floods look like, and on those that are named.

    examples/analyzers/same.py target/debug/mcpcap [CAPTURE...]
"""

import json
import os
import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
COMPONENTS = [HERE / path for path in ("arp/arp.wasm", "c/arp-c.wasm", "javascript/arp-javascript.wasm", "python/arp-python.wasm")]


def made(seed: int, frames: int) -> bytes:
    """A pcap file of random ARP messages among few machines and many: probes, announcements, conflicts, damaged ones, VLAN tags."""
    chance = random.Random(seed)
    machines = chance.choice([3, 40, 6000])
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for n in range(frames):
        ip = [10, 0, *divmod(chance.randrange(machines), 256)]
        mac = [2, 0, 0, 0, *(ip[2:] if chance.random() < 0.9 else [9, chance.randrange(256)])]
        target = chance.choice([ip, [10, 0, *divmod(chance.randrange(machines), 256)]])
        sender = [0, 0, 0, 0] if chance.random() < 0.1 else ip
        operation = chance.choice([1, 1, 1, 2, 2, 8])
        head = [0, 1, 8, 0, 6, 4] if chance.random() < 0.95 else [0, 6, 8, 0, 6, 4]
        tags = [0x81, 0, 0, 5] * chance.choice([0, 0, 0, 1, 2])
        frame = bytes([*[0xFF] * 6, *mac, *tags, 8, 6, *head, 0, operation, *mac, *sender, *[0] * 6, *target])
        if chance.random() < 0.05:
            frame = frame[: chance.randrange(14 + len(tags), len(frame))]
        parts.append(struct.pack("<IIII", 1_700_000_000 + n, 0, len(frame), 60) + frame)
    return b"".join(parts)


def report(program: str, component: Path, capture: str, arguments: list) -> dict:
    asked = [program, "analyzer", "run", str(component), capture, *arguments, "--arg", "max_chars=200000", "--arg", "limit=100", "--arg", "as_objects=true"]
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
    program, captures = os.path.abspath(sys.argv[1]), sys.argv[2:]
    findings = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(12):
            path = Path(folder, f"made-{seed}.pcap")
            path.write_bytes(made(seed, [50, 1000, 9000][seed % 3]))
            captures.append(str(path))
        for capture in captures:
            for arguments in ([], ["--arg", "max_packets=7"]):
                reports = [report(program, component, capture, arguments) for component in COMPONENTS]
                for component, other in zip(COMPONENTS, reports):
                    differing = [name for name in reports[0] if other.get(name) != reports[0][name]]
                    if differing or other.keys() != reports[0].keys():
                        sys.exit(f"{component.name} differs from {COMPONENTS[0].name} on {capture} {arguments}: {differing}")
                findings += len(reports[0]["findings"])
    if findings == 0:
        sys.exit("no capture had a finding, so findings were not compared")
    print(f"{len(COMPONENTS)} analyzers, {len(captures)} captures: the same reports, with {findings} findings")


main()
