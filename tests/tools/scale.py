#!/usr/bin/env python3
"""Measures mcpcap export on this machine, and computes from it what more takes: scale.py PROGRAM BENCH [OPTIONS]

BENCH is mcpcap-bench, which makes the captures from a seed. With --write the tables stand between the marks of a page. Everything runs once the files are in
the page cache, so that the disk is not measured. Captures of MCPCAP_CORPUS are measured too.
"""
import argparse
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

BEGIN, END = "<!-- scale: begin -->", "<!-- scale: end -->"
GB, TB, PB = 10**9, 10**12, 10**15


@dataclass
class Row:
    """What an export took. Time in seconds, memory in bytes."""

    what: str
    captures: int
    size: int
    took: float
    cores: float
    memory: int
    rows: int
    written: int
    files: int

    @property
    def core_seconds(self):
        """For a GB of captures."""
        return self.cores / self.size * GB

    @property
    def ratio(self):
        """Bytes written for a byte of capture."""
        return self.written / self.size


def timed(command, where=None):
    """Seconds, seconds of processor time, and the peak memory of a program that does its work."""
    begun = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), cwd=where, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    error = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    took = time.perf_counter() - begun
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, 1, 3), f"{command}: exit code {code}: {error}"
    return took, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def manifests(dataset):
    return [json.loads(file.read_text()) for file in Path(dataset, "manifest").glob("*.json")]


def tables(dataset):
    """Rows and bytes of each table."""
    found = {}
    for manifest in manifests(dataset):
        for name, of in manifest["tables"].items():
            found.setdefault(name, Counter()).update(rows=of["rows"], bytes=of["bytes"])
    return found


def row(what, dataset, took, cores, memory):
    """The row of an export that made a data set."""
    made = manifests(dataset)
    size = sum(manifest["capture"]["size"] for manifest in made)
    rows = sum(table["rows"] for table in tables(dataset).values())
    files = [file for file in Path(dataset).rglob("*") if file.is_file()]
    return Row(what, len(made), size, took, cores, memory, rows, sum(file.stat().st_size for file in files), len(files))


class Measure:
    """Exports captures in a folder."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def export(self, captures, to, wanted=None):
        chosen = ["--tables", ",".join(wanted)] if wanted else []
        return timed([self.program, "export", *captures, "--to", to, "--format", "parquet", *chosen])

    def once(self, what, captures, wanted=None):
        """One process for all of them."""
        self.warm(captures)
        to = self.folder / "dataset"
        shutil.rmtree(to, ignore_errors=True)
        return row(what, to, *self.export([captures], to, wanted))

    def each(self, what, captures, at_once):
        """A process for each, some at once, as a cluster's tasks."""
        self.warm(captures)
        to = self.folder / "dataset"
        shutil.rmtree(to, ignore_errors=True)
        begun = time.perf_counter()
        with ThreadPoolExecutor(at_once) as pool:
            taken = list(pool.map(lambda capture: self.export([capture], to), sorted(captures.iterdir())))
        took = time.perf_counter() - begun
        return row(what, to, took, sum(cores for _, cores, _ in taken), max(memory for *_, memory in taken))

    @staticmethod
    def warm(captures):
        for file in [captures] if captures.is_file() else captures.rglob("*"):
            if file.is_file():
                with file.open("rb") as opened:
                    while opened.read(1 << 20):
                        pass


def generate(bench, frames, file, seed):
    subprocess.run([bench, "generate", "mixed", str(frames), file, "--seed", str(seed)], check=True, stdout=subprocess.DEVNULL)


def make(bench, folder, megabytes, small):
    """A large capture, some that a rotating recorder leaves, and many small ones."""
    generate(bench, 100_000, folder / "trial.pcap", 1)
    frames = 100_000 * 1_000_000 // (folder / "trial.pcap").stat().st_size
    (folder / "trial.pcap").unlink()
    generate(bench, frames * megabytes, folder / "large.pcap", 1)
    for name, number, size in (("rotated", max(1, megabytes // 20), 10 * frames), ("small", small, max(1, frames // 10))):
        (folder / name).mkdir()
        for place in range(number):
            generate(bench, size, folder / name / f"{place:05}.pcap", place + 1)


def measured(program, folder):
    """All rows, and the tables of the large capture."""
    measure = Measure(program, folder)
    rows = [measure.once("one capture, all tables", folder / "large.pcap")]
    found = tables(folder / "dataset")
    rows.append(measure.once("one capture, all but `packets`", folder / "large.pcap", [name for name in found if name != "packets"]))
    rows.append(measure.once("one capture, `tcp` and `dns`", folder / "large.pcap", ["tcp", "dns"]))
    rows.append(measure.once("captures of 10 MB, one process", folder / "rotated"))
    rows.append(measure.each("captures of 10 MB, a process each", folder / "rotated", 1))
    rows.append(measure.each(f"the same, {os.cpu_count()} at once", folder / "rotated", os.cpu_count()))
    rows.append(measure.once("captures of 100 kB, one process", folder / "small"))
    rows.append(measure.each("captures of 100 kB, a process each", folder / "small", 1))
    rows.append(measure.each(f"the same, {os.cpu_count()} at once", folder / "small", os.cpu_count()))
    if corpus := os.environ.get("MCPCAP_CORPUS"):
        rows.append(measure.once("captures made by others, one process", Path(corpus)))
    return rows, found


def sized(size):
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            return f"{size:.3g} {unit}" if size < 1000 else f"{size:,.0f} {unit}"
        size /= 1000


def table(head, rows):
    return "\n".join([f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(f"| {' | '.join(cells)} |" for cells in rows)]) + "\n"


def figures(rows):
    head = ["what", "captures", "bytes", "time", "captures/s", "MB/s", "rows/s", "core seconds for a GB", "memory", "Parquet for a GB"]
    cells = ([one.what, f"{one.captures:,}", sized(one.size), f"{one.took:.1f} s", f"{one.captures / one.took:.3g}", f"{one.size / one.took / 1e6:.0f}",
              f"{one.rows / one.took:,.0f}", f"{one.core_seconds:.1f}", sized(one.memory), sized(one.ratio * GB)] for one in rows)
    return table(head, cells)


def by_table(found, size):
    largest = sorted(found.items(), key=lambda entry: -entry[1]["bytes"])
    cells = ([f"`{name}`", f"{of['rows'] / size * GB:,.0f}", f"{of['bytes'] / of['rows']:.1f}" if of["rows"] else "", sized(of["bytes"] / size * GB)] for name, of in largest)
    return table(["table", "rows for a GB", "bytes for a row", "Parquet for a GB"], cells)


def computed(rows):
    """What more takes, at the same cost for each byte."""
    head = ["captures", "tables", "core hours", "on 1,000 cores", "dataset", "files, of captures of 1 GB", "files, of captures of 10 MB"]
    cells = []
    for name, size in (("10 TB", 10 * TB), ("1 PB", PB)):
        for one in rows[:3]:
            hours = one.core_seconds * size / GB / 3600
            cells.append([name, one.what.removeprefix("one capture, "), f"{hours:,.0f}", f"{hours / 1000:.2g} h", sized(one.ratio * size),
                          f"{one.files * size // GB:,}", f"{one.files * size // (GB // 100):,}"])
    return table(head, cells)


def machine():
    info = Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), platform.processor())
    return f"{model}, {os.cpu_count()} processors"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--megabytes", type=int, default=1000, help="size of the large capture; those of 10 MB are half as much together")
    parser.add_argument("--small", type=int, default=1000, help="how many captures of 100 kB")
    parser.add_argument("--write", type=Path, help="a page whose tables are replaced")
    asked = parser.parse_args()
    program, bench = asked.program.resolve(), asked.bench.resolve()
    with tempfile.TemporaryDirectory(prefix="scale-") as folder:
        make(bench, Path(folder), asked.megabytes, asked.small)
        rows, found = measured(program, Path(folder))
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    told = f"{version}, {datetime.date.today()}, {machine()}.\n\n{figures(rows)}\nThe large capture by table:\n\n{by_table(found, rows[0].size)}\n"
    told += f"By calculation, at the cost of the first three lines:\n\n{computed(rows)}"
    if asked.write:
        before, rest = asked.write.read_text().split(BEGIN)
        asked.write.write_text(f"{before}{BEGIN}\n{told}{END}{rest.split(END)[1]}")
    sys.stdout.write(told)


if __name__ == "__main__":
    main()
