#!/usr/bin/env python3
"""Makes a large capture of a small one (classic pcap, little-endian): its records again and again, with times that go on.

    repeat_capture.py SMALL.pcap LARGE.pcap MEGABYTES

For measuring memory and speed: mcpcap's memory must not grow with the capture.
"""
import struct
import sys


def main():
    small, large, size = sys.argv[1], sys.argv[2], int(sys.argv[3]) << 20
    with open(small, "rb") as file:
        header, body = file.read(24), bytearray(file.read())
    if header[:4] != b"\xd4\xc3\xb2\xa1":
        sys.exit(f"{small}: not a little-endian pcap file with microseconds")
    at, records = 0, []
    while at + 16 <= len(body):
        seconds, micros, captured, _ = struct.unpack_from("<IIII", body, at)
        records.append((at, seconds))
        at += 16 + captured
    body = body[:at]
    span = records[-1][1] - records[0][1] + 1
    with open(large, "wb") as file:
        file.write(header)
        for _ in range(size // len(body) + 1):
            file.write(body)
            for number, (offset, seconds) in enumerate(records):
                records[number] = (offset, seconds + span)
                struct.pack_into("<I", body, offset, seconds + span)


main()
