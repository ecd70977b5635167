#!/usr/bin/env python3
"""How long a start takes until a client has the list of tools: without analyzers of others, with those of a folder for the first time, and with them again.

    tests/tools/start.py target/release/mcpcap FOLDER
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 21


def start(program: str, arguments: list[str]) -> tuple[float, int]:
    """Seconds from the start of the process to the answer of tools/list, and how many tools there are."""
    begun = time.perf_counter()
    process = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "start", "version": "1"}}
    for message in (
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    ):
        process.stdin.write(json.dumps(message).encode() + b"\n")
    process.stdin.flush()
    for line in process.stdout:
        answer = json.loads(line)
        if answer.get("id") == 2:
            took = time.perf_counter() - begun
            process.stdin.close()
            process.wait()
            return took, len(answer["result"]["tools"])
    sys.exit("the server ended without an answer")


def main() -> None:
    program, folder = sys.argv[1:]
    with tempfile.TemporaryDirectory() as cache:
        foreign = ["--analyzers", folder, "--cache-dir", cache]
        first, tools = start(program, foreign)
        print(f"first start: {first:.2f} s, {tools} tools")
        # Digests of files that were just made are not kept: they might change again within the same tick of the clock.
        time.sleep(3)
        start(program, foreign)
        none, again = [], []
        for _ in range(ROUNDS):
            none.append(start(program, [])[0])
            again.append(start(program, foreign)[0])
        middle = [1000 * statistics.median(times) for times in (none, again)]
        print(f"median of {ROUNDS} starts, in turns: {middle[0]:.1f} ms without, {middle[1]:.1f} ms with them again; {middle[1] - middle[0]:.1f} ms more")


main()
