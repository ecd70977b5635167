#!/usr/bin/env python3
"""Measures questions in SQL about a capture: the first, which makes the tables, and further ones, which read those that are kept.

    kept_tables.py MCPCAP CAPTURE [--times N] [--folder DIR]

Prints a table in Markdown: seconds of the first question, the fastest and slowest of N further ones, rows, and the disk space of the tables so far. Each
question is a process of its own, its start included. With caches of the system warm: the capture is read once before.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

# What it is, the question, and whether an index serves it.
QUESTIONS = [
    ("all rows of packets", "SELECT transport, count(*), sum(captured) FROM packets GROUP BY 1", False),
    ("packets by address", "SELECT count(*), min(frame) FROM packets WHERE source = '192.0.2.1'", False),
    ("packets by number", "SELECT frame, source, destination FROM packets WHERE frame BETWEEN 100000 AND 100050", True),
    ("packets of a minute", "SELECT count(*) FROM packets WHERE time BETWEEN (SELECT min(time) FROM packets) AND (SELECT min(time) FROM packets) + 60000000000", True),
    ("packets of a flow", "SELECT count(*) FROM packets WHERE community_id = (SELECT community_id FROM packets WHERE frame = 100)", True),
    ("all rows of dns", "SELECT rcode, count(*), count(DISTINCT name) FROM dns GROUP BY 1", False),
    ("names", "SELECT name, count(*) FROM dns WHERE name LIKE '%example%' GROUP BY 1 ORDER BY 2 DESC LIMIT 10", False),
    ("a join by flow", "SELECT count(*) FROM dns d JOIN packets p ON p.community_id = d.community_id WHERE d.frame BETWEEN 1000 AND 1050", True),
    ("connections", "SELECT count(*), sum(duration) FROM tcp", False),
    ("a join by connection", "SELECT count(*) FROM tcp t JOIN tcp_events e USING (connection) WHERE t.frame < 1000", True),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("capture")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--folder", help="where tables are kept; otherwise a folder that is removed at the end")
    typed = parser.parse_args()
    with open(typed.capture, "rb") as file:
        while file.read(1 << 24):
            pass
    with tempfile.TemporaryDirectory() as own:
        folder = pathlib.Path(typed.folder or own, "tables")
        environment = {**os.environ, "MCPCAP_TABLES_DIR": str(folder)}

        def ask(sql):
            begun = time.monotonic()
            done = subprocess.run([typed.program, "query", typed.capture, sql, "--format", "json"], env=environment, capture_output=True)
            seconds = time.monotonic() - begun
            if done.returncode not in (0, 3):
                return seconds, None, done.stderr.decode(errors="replace").strip().splitlines()[-1]
            return seconds, json.loads(done.stdout)["rows"], None

        print("| question | index | first | further, fastest | slowest | rows | kept MiB |")
        print("|---|---|---|---|---|---|---|")
        for name, sql, index in QUESTIONS:
            first, rows, error = ask(sql)
            if error:
                print(f"| {name} | {'yes' if index else 'no'} | {first:.2f} s | {error} | | | |")
                continue
            further = [ask(sql) for _ in range(typed.times)]
            same = all(again == rows for _, again, _ in further)
            times = sorted(seconds for seconds, _, _ in further)
            size = sum(path.stat().st_size for path in folder.iterdir() if path.suffix == ".sqlite") >> 20
            told = len(rows) if same else "other rows!"
            print(f"| {name} | {'yes' if index else 'no'} | {first:.2f} s | {times[0]:.3f} s | {times[-1]:.3f} s | {told} | {size} |", flush=True)


main()
