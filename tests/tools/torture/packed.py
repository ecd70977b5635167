"""Compressed bombs, written by hand: no tool is needed, and a small file becomes gigabytes.

Each is the head of a capture and then zeros: frames of no byte behind a pcap header, or what stands behind a break."""
import random
import struct
import zlib

HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)
# A pcapng file that breaks off: see captures.broken.
BROKEN = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28) + struct.pack("<IIHHII", 1, 20, 1, 0, 0, 20) + struct.pack("<II", 6, 0)
MEBIBYTE = 1 << 20


def noise(size):
    """Bytes that nothing makes smaller: with enough of them a bomb is below the ratio that is refused."""
    return random.Random(5).randbytes(size)


def gzip(path, head, size):
    """Members of 16 MiB of zeros one behind another."""
    def member(data, repeat):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        return b"".join(packer.compress(data) for _ in range(repeat)) + packer.flush()
    zeros = member(bytes(MEBIBYTE), 16)
    with open(path, "wb") as file:
        file.write(member(head, 1))
        for _ in range(max(1, size // (16 * MEBIBYTE))):
            file.write(zeros)


def zstd(path, head, size):
    """Blocks that say: this byte, 128 KiB times (RFC 8878 3.1.1.2)."""
    piece = 128 << 10
    with open(path, "wb") as file:
        # Magic number, no content size, a window of 1 MiB.
        file.write(struct.pack("<IBB", 0xFD2FB528, 0, 10 << 3))
        for at in range(0, len(head), piece):
            part = head[at:at + piece]
            file.write((len(part) << 3).to_bytes(3, "little") + part)
        count = max(1, size // piece)
        run = (piece << 3 | 2).to_bytes(3, "little") + b"\0"
        file.write(run * (count - 1) + (piece << 3 | 3).to_bytes(3, "little") + b"\0")


def lz4(path, head, size):
    """Blocks of 4 MiB: a zero, and again and again the byte before (lz4's frame format 1.6)."""
    descriptor = bytes([0x60, 0x70])
    with open(path, "wb") as file:
        file.write(struct.pack("<I", 0x184D2204) + descriptor + bytes([xxh32(descriptor) >> 8 & 0xFF]))
        for at in range(0, len(head), 4 * MEBIBYTE):
            part = head[at:at + 4 * MEBIBYTE]
            file.write(struct.pack("<I", 0x80000000 | len(part)) + part)
        length = 4 * MEBIBYTE - 6 - 4 - 15
        match = b"\x1f\0\1\0" + b"\xff" * (length // 255) + bytes([length % 255]) + b"\x50" + bytes(5)
        file.write((struct.pack("<I", len(match)) + match) * max(1, size // (4 * MEBIBYTE)) + bytes(4))


def xxh32(data):
    """The checksum of lz4's header, for less than 4 bytes."""
    mask = 0xFFFFFFFF
    value = 374761393 + len(data) & mask
    for byte in data:
        value = value + byte * 374761393 & mask
        value = (value << 11 | value >> 21) * 2654435761 & mask
    value = (value ^ value >> 15) * 2246822519 & mask
    value = (value ^ value >> 13) * 3266489917 & mask
    return value ^ value >> 16
