#!/usr/bin/env python3
"""Makes the picture of an answer that the README shows, from a real run.

    picture.py PROGRAM OUTPUT.svg COMMAND...

runs PROGRAM with COMMAND in the project's folder, and draws what it prints, up to the part on what more there is.
"""

import os
import subprocess
import sys
from xml.sax.saxutils import escape

COLUMNS = 100
# Of a monospaced font of 13 pixels.
ADVANCE, LINE, MARGIN = 7.83, 18, 16
COLOURS = {"HIGH": "#ff7b72", "MEDIUM": "#e3b341", "LOW": "#79c0ff", "INFO": "#8b949e"}


def drawn(lines: list) -> str:
    width, height = COLUMNS * ADVANCE + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" height="{height}">',
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>',
        '<g font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="13" fill="#e6edf3" xml:space="preserve">',
    ]
    for number, line in enumerate(lines):
        y = MARGIN + (number + 1) * LINE - 5
        word = line.split(" ", 1)[0]
        colour = COLOURS.get(word)
        is_title = not lines[number - 1] and (line.isupper() or word.isupper() and line[len(word) :].startswith(" ("))
        text = escape(line)
        if colour:
            text = f'<tspan fill="{colour}" font-weight="bold">{word}</tspan>{escape(line[len(word) :])}'
        elif is_title or line.startswith("$ "):
            text = f'<tspan font-weight="bold" fill="#7ee787">{text}</tspan>'
        parts.append(f'<text x="{MARGIN}" y="{y}">{text}</text>')
    return "\n".join([*parts, "</g>", "</svg>", ""])


def main() -> None:
    program, output, *command = sys.argv[1:]
    environment = {**os.environ, "COLUMNS": str(COLUMNS)}
    done = subprocess.run([program, *command, "--format", "report"], env=environment, capture_output=True, text=True, check=True)
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    if "MORE" in lines:
        lines = lines[: lines.index("MORE")]
    while lines and not lines[-1]:
        lines.pop()
    with open(output, "w") as file:
        file.write(drawn([f"$ mcpcap {' '.join(command)}", "", *lines]))


main()
