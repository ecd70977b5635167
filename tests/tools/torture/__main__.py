#!/usr/bin/env python3
"""Attacks a server in every way that is known, and measures it: see docs/hardening.md.

Usage: python3 tests/tools/torture PROGRAM [--quick] [--scale FACTOR] [--only WORDS] [--write FILE]

Each case is two calls at once: what they are answered, how long it takes, and the most memory that the process has had, alone and together
with the processes that it starts. Then the server is told to end in the middle of the same. Exit code 1 when a goal is missed."""
import argparse
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import table
from cases import TOOLS, all_cases, mutants
from server import Http, Stdio, code

KINDS = {"stdio": Stdio, "http": Http}
# Goals: memory in KiB, and seconds to end. Over HTTP running calls get 5 s, then answers and connections 1.3 s; the rest is the machine's.
MEMORY = 300_000_000 >> 10
ENDING = {"stdio": 3, "http": 8}
# How long a flood goes on before anybody asks, and after the answers, in seconds; and after the answers in the quick part.
LEAD, AFTER, SHORT = 1, 20, 0.5
CODES = {"report", "not_found", "not_allowed", "not_a_capture", "damaged", "too_large", "limit_reached", "bad_argument",
         "component_fault", "busy", "-32602"}


def ask(server, question, file):
    if isinstance(question, str):
        return server.call(question, {}, "prompts/get")
    tool, arguments = question
    return server.call(tool, {**arguments, "pcap_file": file})


def started(case, over, program, folder):
    if case.compiles:
        shutil.rmtree(folder / "cache", ignore_errors=True)
    return KINDS[over](program, folder, case.options)


def measured(case, program, folder, quick):
    """Two calls at once, until both are answered."""
    with started(case, case.over[0], program, folder) as server:
        attack = case.attack and case.attack(server)
        begun = time.monotonic()
        if attack:
            time.sleep(LEAD)
        sent = [ask(server, case.question, case.file) for _ in range(2)]
        codes = sorted({code(server.wait(one)) for one in sent})
        took = time.monotonic() - begun
        if attack:
            time.sleep(SHORT if quick else AFTER)
            attack.end()
        # The watcher looks once more.
        time.sleep(0.05)
        return codes, took, server.memory.own, server.memory.all


def ended(case, program, folder, over, after):
    """How long the server needs to end in the middle of it."""
    with started(case, over, program, folder) as server:
        attack = case.attack and case.attack(server)
        if not attack or over == "http":
            for _ in range(2):
                ask(server, case.question, case.file)
        time.sleep(after)
        seconds = server.end()
        if attack:
            attack.end()
        return seconds


def unanswered(codes):
    return [f"{one} is no answer" for one in codes if one.split(" ")[0] not in CODES]


def run(case, program, folder, quick):
    codes, took, own, together = measured(case, program, folder, quick)
    ends = {over: ended(case, program, folder, over, min(max(took / 2, 0.05), 3)) for over in case.over}
    missed = unanswered(codes)
    # Compilers are processes with limits of their own.
    counted = own if case.compiles else together
    if counted > MEMORY:
        missed.append(f"{counted * 1024 // 1_000_000} MB")
    missed += [f"{over}: {'never' if seconds is None else f'{seconds:.1f} s'} to end"
               for over, seconds in ends.items() if seconds is None or seconds > ENDING[over]]
    size = (folder / case.file).stat().st_size
    return table.Row(case.name, size, codes, took, own, together, ends, missed)


def run_mutants(program, folder, scale):
    """One server for all of them: two tools at once, each time the next two."""
    codes, longest, count = set(), 0, 0
    begun = time.monotonic()
    with Stdio(program, folder) as server:
        for suffix, data in mutants(scale):
            path = folder / f"mutant{suffix}"
            path.write_bytes(data)
            tools = [TOOLS[(count + number) % len(TOOLS)] for number in range(2)]
            started = time.monotonic()
            sent = [ask(server, (tool, {}), path.name) for tool in tools]
            codes |= {code(server.wait(one, 60)) for one in sent}
            longest, count = max(longest, time.monotonic() - started), count + 1
        seconds = server.end()
        own, together = server.memory.own, server.memory.all
    missed = unanswered(sorted(codes))
    missed += [f"{together * 1024 // 1_000_000} MB"] if together > MEMORY else []
    name = f"{count:,} captures with other bytes, the longest {longest:.1f} s"
    return table.Row(name, 0, sorted(codes), time.monotonic() - begun, own, together, {"stdio": seconds}, missed)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=Path)
    parser.add_argument("--quick", action="store_true", help="small, and only one case of each kind")
    parser.add_argument("--scale", type=float, help="sizes, times this")
    parser.add_argument("--only", default="", help="a regular expression for the names of cases")
    parser.add_argument("--write", type=Path, help="a page whose table is replaced")
    chosen = parser.parse_args()
    # The folder is removed then too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))
    program, rows, made = chosen.program.resolve(), [], None
    scale = chosen.scale or (0.005 if chosen.quick else 1)
    with tempfile.TemporaryDirectory(prefix="torture-") as name:
        folder = Path(name)
        for case in all_cases(scale):
            if not re.search(chosen.only, case.name) or chosen.quick and not case.quick:
                continue
            if chosen.quick:
                # Over one of them, in turn.
                case.over = (case.over[len(rows) % len(case.over)],)
            # Cases of the same capture stand behind each other.
            if made not in (None, case.file):
                (folder / made).unlink(missing_ok=True)
            if made != case.file or case.options:
                case.make(folder / case.file)
            made = case.file if not case.options else None
            rows.append(run(case, program, folder, chosen.quick))
            print(table.line(rows[-1]), flush=True)
        if re.search(chosen.only, "captures with other bytes"):
            rows.append(run_mutants(program, folder, scale))
            print(table.line(rows[-1]), flush=True)
    if chosen.write:
        table.write(chosen.write, rows, scale, program)
    missed = [row for row in rows if row.missed]
    for row in missed:
        print(f"missed: {row.name}: {', '.join(row.missed)}", file=sys.stderr)
    print(f"{len(rows)} cases, {len(missed)} missed a goal; {os.cpu_count()} processors", file=sys.stderr)
    sys.exit(bool(missed))


main()
