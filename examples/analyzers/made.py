#!/usr/bin/env python3
"""Captures of TCP connections that are made here: frames with right checksums, without any library.

    examples/analyzers/made.py banners.pcap    writes the capture of known banners that the tests use
"""

import random
import struct
import sys
from ipaddress import ip_address
from pathlib import Path

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def checksum(data: bytes) -> int:
    """The checksum of RFC 1071."""
    total = sum(struct.unpack(f">{len(data) // 2 + len(data) % 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame(source: tuple[str, int], destination: tuple[str, int], flags: int, sequence: int, acknowledgment: int, payload: bytes = b"") -> bytes:
    """An Ethernet frame with a TCP segment."""
    ends = [ip_address(source[0]), ip_address(destination[0])]
    tcp = [source[1], destination[1], sequence & 0xFFFFFFFF, acknowledgment & 0xFFFFFFFF, 5 << 4, flags, 65535, 0, 0]
    segment = struct.pack(">HHIIBBHHH", *tcp) + payload
    addresses = ends[0].packed + ends[1].packed
    tcp[7] = checksum(addresses + struct.pack(">II", len(segment), 6) + segment)
    segment = struct.pack(">HHIIBBHHH", *tcp) + payload
    if ends[0].version == 6:
        return bytes.fromhex("02000000000202000000000186dd") + struct.pack(">IHBB", 6 << 28, len(segment), 6, 64) + addresses + segment
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0x4000, 64, 6, 0)
    header = header[:10] + struct.pack(">H", checksum(header + addresses)) + addresses
    return bytes.fromhex("0200000000020200000000010800") + header + segment


def pcap(frames: list[bytes], snap_length: int = 65535) -> bytes:
    """A pcap file of frames, a millisecond apart."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snap_length, 1)]
    for n, one in enumerate(frames):
        kept = one[:snap_length]
        parts.append(struct.pack("<IIII", 1_700_000_000 + n // 1000, n % 1000 * 1000, len(kept), len(one)) + kept)
    return b"".join(parts)


class Connection:
    """A connection between two ends, which gives its frames."""

    def __init__(self, client: tuple[str, int], server: tuple[str, int], first: tuple[int, int] = (1000, 5000)) -> None:
        self.ends, self.next = [client, server], list(first)

    def sent(self, end: int, flags: int, payload: bytes = b"") -> bytes:
        made = frame(self.ends[end], self.ends[1 - end], flags, self.next[end], self.next[1 - end] if flags & ACK else 0, payload)
        self.next[end] += len(payload) + (flags & (SYN | FIN) != 0)
        return made

    def opened(self) -> list[bytes]:
        return [self.sent(0, SYN), self.sent(1, SYN | ACK), self.sent(0, ACK)]

    def data(self, end: int, payload: bytes) -> bytes:
        return self.sent(end, PSH | ACK, payload)

    def closed(self) -> list[bytes]:
        return [self.sent(0, FIN | ACK), self.sent(1, FIN | ACK), self.sent(0, ACK)]


def banners() -> bytes:
    """Known banners: SSH, SMTP in two segments, FTP at two neighbours over IPv6, HTTP, SSH on the port of HTTPS, a hole within a banner, a silent connection, and one
    that began before."""
    ftp = "2001:db8:1234:5678:a8bb:ccff:fedd:ee2"
    ssh, mail = Connection(("192.0.2.1", 50001), ("192.0.2.22", 22)), Connection(("192.0.2.1", 50002), ("192.0.2.25", 25))
    files, other = Connection(("2001:db8::1", 50003), (f"{ftp}1", 21)), Connection(("2001:db8::1", 50004), (f"{ftp}2", 21))
    web, hidden = Connection(("192.0.2.1", 50005), ("192.0.2.80", 80)), Connection(("192.0.2.1", 50006), ("192.0.2.22", 443))
    holey, silent = Connection(("192.0.2.1", 50007), ("192.0.2.110", 110)), Connection(("192.0.2.1", 50008), ("192.0.2.80", 80))
    before = Connection(("192.0.2.1", 50009), ("192.0.2.23", 23))
    frames = [
        *ssh.opened(),
        ssh.data(1, b"SSH-2.0-OpenSSH_9.6p1 Ubuntu-3\r\n"),
        ssh.data(0, b"SSH-2.0-libssh_0.10.6\r\n"),
        ssh.sent(0, RST | ACK),
        *mail.opened(),
        mail.data(1, b"220 mail.example "),
        mail.data(1, b"ESMTP Postfix\r\n"),
        mail.data(0, b"EHLO client.example\r\n"),
        *mail.closed(),
        *files.opened(),
        files.data(1, b"220 ProFTPD 1.3.5 Server (K\xc3\xbcche)\r\n"),
        files.data(0, b"USER anonymous\r\n"),
        *files.closed(),
        *other.opened(),
        other.data(1, b"220 ready\r\n"),
        *other.closed(),
        *web.opened(),
        web.data(0, b"GET / HTTP/1.1\r\nHost: example\r\n\r\n"),
        web.data(1, b"HTTP/1.1 200 OK\r\nServer: x/1.2\r\nContent-Length: 0\r\n\r\n"),
        *web.closed(),
        *hidden.opened(),
        hidden.data(1, b"SSH-2.0-dropbear_2022.83\r\n"),
        *hidden.closed(),
        *holey.opened(),
        holey.data(1, b"+OK "),
    ]
    holey.next[1] += 10  # bytes that nobody captured, and the client acknowledges
    frames += [holey.data(1, b" v1.2 ready\r\n"), holey.data(0, b"QUIT\r\n"), *holey.closed()]
    frames += [*silent.opened(), *silent.closed(), before.data(1, b"Last login: 1.2.\r\n"), *before.closed()]
    return pcap(frames)


TEXTS = [b"SSH-2.0-OpenSSH_9.6\r\n", b"220 ", b"ProFTPD 1.3.5\r\n", b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"\0\x01\xff\n", b"x" * 300, b"K\xc3\xbcche \xc3\n", b"\r\n"]


def streams(seed: int, connections: int) -> bytes:
    """Random connections to few servers: beginnings that are missing, holes, repeated and swapped segments, ends of every kind, cut frames."""
    chance = random.Random(seed)
    frames: list[bytes] = []
    for n in range(connections):
        host, port = chance.randrange(chance.choice([2, 9, 200])), chance.choice([21, 22, 25, 80, 443, 8080, 50000])
        # IPv6 addresses of which a floating-point number does not have the last bits.
        client, server = (f"198.51.100.{n % 250}", f"192.0.2.{host}") if chance.random() < 0.6 else (f"2001:db8::{n % 250:x}", f"2001:db8:1:2:a8bb:ccff:fedd:{host + 0xEE00:x}")
        one = Connection((client, 40000 + n), (server, port), (chance.getrandbits(32), chance.getrandbits(32)))
        made = one.opened()
        if chance.random() < 0.15:
            made = []
        for _ in range(chance.choice([0, 1, 2, 3, 4, 30])):
            made.append(one.data(chance.choice([0, 1, 1]), chance.choice(TEXTS)))
        made += chance.choice([one.closed(), [one.sent(0, RST | ACK)], [one.sent(1, RST | ACK)], []])
        for at in range(len(made) - 1, 2, -1):
            fate = chance.random()
            if fate < 0.05:
                del made[at]
            elif fate < 0.1:
                made.insert(at, made[at])
            elif fate < 0.2:
                made[at - 1], made[at] = made[at], made[at - 1]
        # They run beside each other.
        start = max(0, len(frames) - chance.randrange(20))
        for at, segment in enumerate(made):
            frames.insert(min(len(frames), start + at * chance.choice([1, 1, 2])), segment)
    return pcap(frames, chance.choice([65535, 65535, 80]))


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(banners())
