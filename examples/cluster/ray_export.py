#!/usr/bin/env python3
"""Exports many captures with Ray, one task for each: ray_export.py CAPTURES --to DATASET [OPTIONS] [-- OPTIONS OF mcpcap export]

CAPTURES is a folder that all nodes see under this path, or s3://bucket/prefix; DATASET likewise. Tables of the data set name a capture by its path below
CAPTURES. Prints a summary as JSON. Exit code: 0 all done, 3 some captures are damaged and exported up to there, 1 some could not be read or written.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import ray
from pyarrow import fs

ENDINGS = tuple(ending + packed for ending in (".pcap", ".pcapng", ".cap", ".dmp") for packed in ("", ".gz", ".zst", ".lz4"))
DAMAGED = 3


class Again(Exception):
    """What another try may mend: the program was killed, as where memory ran out."""


def absolute(written):
    """A place as every node understands it, whatever the folder that it works in."""
    return written if written.startswith("s3://") else str(Path(written).resolve())


def place(written):
    """A file system, and the path in it."""
    if written.startswith("s3://"):
        return fs.S3FileSystem(endpoint_override=os.environ.get("AWS_ENDPOINT_URL")), written.removeprefix("s3://").rstrip("/")
    return fs.LocalFileSystem(), written


def export(mcpcap, captures, name, to, options):
    """The task: exports one capture. Gives the node, the exit code, and what was said."""
    files, root = place(captures)
    with tempfile.TemporaryDirectory(prefix="mcpcap-") as folder:
        if isinstance(files, fs.LocalFileSystem):
            folder = root
        else:
            copy = Path(folder, name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            with files.open_input_stream(f"{root}/{name}") as source, copy.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
        command = [mcpcap, "export", f"{folder}/{name}", "--base", folder, "--to", to, "--format", "parquet", *options]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode < 0:
        raise Again(f"mcpcap was ended by signal {-done.returncode}")
    return ray.get_runtime_context().get_node_id(), done.returncode, done.stderr.strip()[-2000:]


def names(captures):
    """The captures below a place, by their paths there."""
    files, root = place(captures)
    for entry in files.get_file_info(fs.FileSelector(root, recursive=True)):
        if entry.is_file and entry.path.lower().endswith(ENDINGS):
            yield entry.path[len(root):].lstrip("/")


def manifests(to):
    """What each capture's commit record says."""
    files, root = place(to)
    entries = files.get_file_info(fs.FileSelector(f"{root}/manifest", allow_not_found=True))
    records = [entry.path for entry in entries if entry.base_name.endswith(".json")]
    with ThreadPoolExecutor(32) as pool:
        yield from pool.map(lambda record: json.loads(files.open_input_stream(record).read()), records)


def run(asked):
    """Runs the tasks, some thousand waiting at a time. Gives captures by node, warnings by capture, and errors by capture."""
    task = ray.remote(num_cpus=asked.cpus, memory=asked.memory << 20, max_retries=asked.retries, retry_exceptions=[Again, OSError], scheduling_strategy="SPREAD")(export)
    options = [*(("--tables", asked.tables) if asked.tables else ()), *asked.options]
    nodes, damaged, failed = Counter(), {}, {}
    coming, running = names(asked.captures), {}
    while True:
        for name in islice(coming, 4096 - len(running)):
            running[task.remote(asked.mcpcap, asked.captures, name, asked.to, options)] = name
        if not running:
            return nodes, damaged, failed
        for done in ray.wait(list(running), num_returns=1)[0]:
            name = running.pop(done)
            try:
                node, code, said = ray.get(done)
            except ray.exceptions.RayError as error:
                failed[name] = str(error).strip().splitlines()[-1]
                continue
            nodes[node] += 1
            if code:
                (damaged if code == DAMAGED else failed)[name] = said


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("captures", type=absolute, help="a folder that all nodes see, or s3://bucket/prefix")
    parser.add_argument("--to", type=absolute, required=True, help="the data set: a folder that all nodes see, or s3://bucket/prefix")
    parser.add_argument("--tables", help="names with commas between; all if absent")
    parser.add_argument("--mcpcap", default="mcpcap", help="the program: a name on the PATH of every node, or an absolute path")
    parser.add_argument("--address", help="the cluster; that of RAY_ADDRESS, or a local one, if absent")
    parser.add_argument("--retries", type=int, default=3, help="how often a capture is tried again whose node or program was lost")
    parser.add_argument("--cpus", type=float, default=1, help="cores that a task counts as")
    parser.add_argument("--memory", type=int, default=300, help="MiB that a task counts as")
    parser.add_argument("options", nargs="*", help="further options of mcpcap export, behind --")
    asked = parser.parse_args()
    # Ray's own words go where errors go.
    out, sys.stdout = sys.stdout, sys.stderr
    ray.init(address=asked.address, log_to_driver=False, include_dashboard=False)
    nodes, damaged, failed = run(asked)
    captures, tables = 0, {}
    for manifest in manifests(asked.to):
        captures += 1
        for name, table in manifest["tables"].items():
            tables.setdefault(name, Counter()).update(rows=table["rows"], bytes=table["bytes"])
    told = {"nodes": nodes, "damaged": damaged, "failed": failed, "dataset": {"captures": captures, "tables": tables}}
    print(json.dumps(told, indent=2, sort_keys=True), file=out)
    return 1 if failed else DAMAGED if damaged else 0


if __name__ == "__main__":
    sys.exit(main())
