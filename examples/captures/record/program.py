#!/usr/bin/env python3
"""Writes a program that does nothing, 4,096 bytes: program.py elf|pe"""
import hashlib
import struct
import sys

SIZE = 4096


def elf():
    """ELF for x86-64: exit(0)."""
    code = b"\xb8\x3c\x00\x00\x00\x31\xff\x0f\x05"
    base, entry = 0x400000, 0x400000 + 120
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 62, 1, entry, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, SIZE, SIZE, 0x1000)
    return header + segment + code


def pe():
    """PE32+ for x86-64: returns 0 at once."""
    dos = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    header = struct.pack("<4sHHIIIHH", b"PE\0\0", 0x8664, 1, 0, 0, 0, 240, 0x22)
    optional = struct.pack("<HBBIIIIIQIIHHHHHHIIIIHHQQQQII", 0x20B, 14, 0, 0x200, 0, 0, 0x1000, 0x1000, 0x140000000, 0x1000,
                           0x200, 6, 0, 0, 0, 6, 0, 0, 0x2000, 0x200, 0, 3, 0, 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    section = struct.pack("<8sIIIIIIHHI", b".text", 3, 0x1000, 0x200, 0x200, 0, 0, 0, 0, 0x60000020)
    return (dos + header + optional + bytes(128) + section).ljust(0x200, b"\0") + b"\x31\xc0\xc3"


def main():
    program = {"elf": elf, "pe": pe}[sys.argv[1]]()
    # The rest is no code, and the same each time.
    rest = b"".join(hashlib.sha256(b"%s %d" % (sys.argv[1].encode(), n)).digest() for n in range(SIZE // 32))
    sys.stdout.buffer.write((program + rest)[:SIZE])


main()
