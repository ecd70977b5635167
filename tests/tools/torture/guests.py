"""Malicious components: built from source, and told how to misbehave by a text that is replaced in them."""
import functools
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TARGET = ROOT / "target" / "guests"
MARK = b"@behaviour@"
ROOM = 64
# Branches of a function; with some more it is too long to be let in.
BRANCHES = 30_000


def cargo(folder, *arguments):
    clean = {name: value for name, value in os.environ.items() if name not in ("RUSTFLAGS", "CARGO_TARGET_DIR")}
    command = [os.environ.get("CARGO", "cargo"), "build", "--locked", "--target", "wasm32-wasip2", "--target-dir", str(TARGET)]
    subprocess.run([*command, *arguments], cwd=folder, check=True, env=clean, stderr=subprocess.DEVNULL)


@functools.cache
def built(name):
    """The bytes of a component."""
    if name == "torture":
        cargo(Path(__file__).parent / "guest", "--release")
        return (TARGET / "wasm32-wasip2/release/mcpcap_torture_guest.wasm").read_bytes()
    cargo(ROOT, "--profile", "guest", "-p", "mcpcap-hostile-analyzer")
    return (TARGET / "wasm32-wasip2/guest/mcpcap_hostile_analyzer.wasm").read_bytes()


def misbehaving(behaviour):
    """A component whose export misbehaves: `feed spin`."""
    wasm = built("torture")
    at = wasm.index(MARK)
    return wasm[:at] + behaviour.encode().ljust(ROOM) + wasm[at + ROOM:]


def shapes():
    """A component with a tool for each shape that a report can have: see tests/guests/analyzer."""
    return built("hostile")


def number(value):
    """LEB128, without sign below 0x40."""
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        if not value and not low & 0x40:
            return bytes([*out, low])
        out.append(low | 0x80)


def length(value):
    """LEB128 without a sign."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def section(kind, body):
    return bytes([kind]) + length(len(body)) + body


def laborious(functions):
    """A component that behaves, with a module behind it that is never used: functions nearly as long as they may be, for the compiler."""
    # local.get 0, i32.const, i32.eq, if, i32.const, local.set 0, end.
    body = b"".join(b"\x20\0\x41" + number(n) + b"\x46\x04\x40\x41" + number(n * 7) + b"\x21\0\x0b" for n in range(BRANCHES))
    body = b"\0" + body + b"\x20\0\x0b"
    module = (b"\0asm\x01\0\0\0" + section(1, b"\x01\x60\x01\x7f\x01\x7f") + section(3, length(functions) + bytes(functions))
              + section(10, length(functions) + (length(len(body)) + body) * functions))
    return built("torture") + section(1, module)
