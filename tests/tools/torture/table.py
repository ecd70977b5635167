"""The table in docs/hardening.md."""
import datetime
import os
import subprocess
from dataclasses import dataclass

BEGIN, END = "<!-- torture: begin -->", "<!-- torture: end -->"
HEAD = """| case | file | answer | time | memory | with child processes | to end, stdio | to end, HTTP |
|---|---|---|---|---|---|---|---|
"""


@dataclass
class Row:
    """What a case did. Memory is in KiB, time in seconds."""
    name: str
    size: int
    codes: list
    took: float
    own: int
    together: int
    ends: dict
    missed: list


def sized(size):
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000


def line(row):
    ending = lambda over: "" if over not in row.ends else "never" if row.ends[over] is None else f"{row.ends[over]:.2f} s"
    memory = lambda kibibytes: f"{kibibytes * 1024 / 1e6:.0f} MB"
    cells = [row.name + (" **missed**" if row.missed else ""), sized(row.size) if row.size else "", ", ".join(row.codes), f"{row.took:.1f} s",
             memory(row.own), memory(row.together), ending("stdio"), ending("http")]
    return f"| {' | '.join(cells)} |"


def write(page, rows, scale, program):
    """Replaces what stands between the marks."""
    text = page.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    told = (f"{version}, {datetime.date.today()}, {os.cpu_count()} processors, sizes times {scale:g}; "
            f"{sum(bool(row.missed) for row in rows)} of {len(rows)} cases missed a goal.\n\n")
    page.write_text(before + BEGIN + "\n" + told + HEAD + "\n".join(map(line, rows)) + "\n" + END + after)
