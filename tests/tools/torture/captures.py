"""Hostile captures, the same for the same size: each generator writes a file of so many packets."""
import random
import struct

ETHERNET = b"\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0"
BEGIN = 1_700_000_000


def pcap(path, packets):
    """Writes packets, a millisecond apart."""
    with open(path, "wb", 1 << 20) as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1))
        for number, packet in enumerate(packets):
            seconds, thousandth = divmod(number, 1000)
            file.write(struct.pack("<IIII", BEGIN + seconds, thousandth * 1000, len(packet), len(packet)) + packet)


def ipv4(protocol, payload, source, destination=0xC6336414, identification=1, field=0):
    return ETHERNET + struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(payload), identification, field, 64, protocol, 0,
                                  source, destination) + payload


def udp(source, ports, payload, **more):
    return ipv4(17, struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload, source, **more)


def tcp(source, ports, sequence, flags, payload=b"", acknowledgment=0, **more):
    head = struct.pack(">HHIIBBHHH", *ports, sequence, acknowledgment, 0x50, flags, 8192, 0, 0)
    return ipv4(6, head + payload, source, **more)


def client(number):
    """An address and a port that no other number has."""
    return 0x0A000000 + (number >> 15), 1024 + (number & 0x7FFF)


def flows(path, count):
    """TCP connections that are tried, and not answered."""
    def packets():
        for number in range(count):
            address, port = client(number)
            yield tcp(address, (port, 80), number, 2)
    pcap(path, packets())


def half_open(path, count):
    """Connections that begin, and send something behind a hole; on ports of all protocols."""
    def packets():
        text = b"x" * 500
        for number in range(count // 3):
            address, port = client(number)
            port = port, (53, 5060, 80)[number % 3]
            yield tcp(address, port, 0, 2)
            yield tcp(0xC6336414, port[::-1], 0, 0x12, acknowledgment=1, destination=address)
            yield tcp(address, port, 1000, 0x18, text, acknowledgment=1)
    pcap(path, packets())


def segments(path, count):
    """One connection whose first byte never comes, in two byte segments with a hole before each."""
    def packets():
        yield tcp(0x0A000001, (1024, 53), 0, 2)
        yield tcp(0xC6336414, (53, 1024), 0, 0x12, acknowledgment=1, destination=0x0A000001)
        for number in range(count):
            yield tcp(0x0A000001, (1024, 53), 5 + number * 3, 0x18, b"xy", acknowledgment=1)
    pcap(path, packets())


def fragments(path, count):
    """Fragments of datagrams that never become whole, some of which overlap."""
    rng = random.Random(7)

    def packets():
        for number in range(count):
            head = struct.pack(">HHHH", 1024, 53, 60_000, 0) + b"x" * 400
            offset = rng.choice((0, 0, 1, 7, 51, 8000))
            yield ipv4(17, head, 0x0A000000 + number // 4, identification=number // 3 & 0xFFFF, field=0x2000 | offset)
    pcap(path, packets())


def label(text):
    return bytes([len(text)]) + text


def names(path, count):
    """DNS queries, each for a long name of its own."""
    def packets():
        for number in range(count):
            name = b"".join(label(b"%062d" % (number * 3 + part)) for part in range(3)) + label(b"example") + b"\0"
            address, port = client(number % 100_000)
            yield udp(address, (port, 53), struct.pack(">HHHHHH", number & 0xFFFF, 256, 1, 0, 0, 0) + name + b"\0\x10\0\1")
    pcap(path, packets())


def pointers(path, count):
    """DNS answers of 60,000 bytes whose records all point through a chain of pointers."""
    question = label(b"a") * 100 + b"\0" + b"\0\x10\0\1"
    chain = b"".join(struct.pack(">H", 0xC000 | (12 if at == 0 else 12 + len(question) + 2 * (at - 1))) for at in range(120))
    record = struct.pack(">H", 0xC000 | (12 + len(question) + 238)) + struct.pack(">HHIH", 5, 1, 1, 2) + struct.pack(
        ">H", 0xC000 | (12 + len(question) + 238))
    records = record * 4000
    message = struct.pack(">HHHHHH", 7, 0x8180, 1, 4001, 0, 0) + question + chain + records
    pcap(path, (udp(0x0A000000 + number, (53, 1024), message) for number in range(count)))


def pings(path, count):
    """Echo requests that nobody answers, each from another address."""
    def packets():
        for number in range(count):
            yield ipv4(1, struct.pack(">BBHHH", 8, 0, 0, number & 0xFFFF, number >> 16) + b"x" * 8, 0x0A000000 + number)
    pcap(path, packets())


def leases(path, count):
    """DHCP clients that ask, each with an address and a name of its own."""
    def packets():
        for number in range(count):
            mac = struct.pack(">HI", 0x0200, number)
            fixed = struct.pack(">BBBBIHH16x16s192x", 1, 1, 6, 0, number, 0, 0, mac)
            options = b"\x63\x82\x53\x63\x35\1\1\x0c\x0a" + b"h%09d" % number + b"\x3d\7\1" + mac + b"\xff"
            yield udp(0, (68, 67), fixed + options, destination=0xFFFFFFFF)
    pcap(path, packets())


def calls(path, count):
    """SIP calls that nobody answers, each of other people."""
    def packets():
        for number in range(count):
            text = (f"INVITE sip:b{number}@b.example SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK{number}\r\n"
                    f"From: <sip:a{number}@a.example>;tag={number}\r\nTo: <sip:b{number}@b.example>\r\nCall-ID: {number}@a.example\r\n"
                    f"CSeq: 1 INVITE\r\nUser-Agent: agent {number}\r\nContent-Length: 0\r\n\r\n")
            yield udp(0x0A000000 + number, (5060, 5060), text.encode())
    pcap(path, packets())


def copies(path, count):
    """Every packet three times."""
    def packets():
        for number in range(count // 3):
            address, port = client(number)
            packet = udp(address, (port, 53), struct.pack(">I", number) * 4, identification=number & 0xFFFF)
            yield from (packet,) * 3
    pcap(path, packets())


def tunnels(path, count):
    """As many headers as fit: IPv4 in IPv4, and tags of VLANs before them."""
    def packets():
        tags = b"\x81\0\0\7" * 200
        for number in range(count):
            inner = udp(0x0A000000 + number, (53, 53), b"x")[14:]
            for _ in range(60):
                inner = ipv4(4, inner, number)[14:]
            yield ETHERNET[:12] + (tags if number % 2 else b"") + b"\x08\0" + inner
    pcap(path, packets())


def large(path, count):
    """Packets as long as packets may be."""
    frame = udp(0x0A000001, (53, 53), b"x" * 60_000)
    pcap(path, (frame + bytes(262_144 - len(frame)) for _ in range(count)))


def empty(path, count):
    """Frames of no byte: zeros behind the header are just that."""
    pcap(path, ())
    with open(path, "r+b") as file:
        file.truncate(24 + 16 * count)


def block(kind, body):
    size = 12 + len(body)
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


SECTION = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))


def option(number, text):
    return struct.pack("<HH", number, len(text)) + text + bytes(-len(text) % 4)


def sections(path, count):
    """pcapng sections, each with an interface and a comment of its own."""
    with open(path, "wb", 1 << 20) as file:
        for number in range(count):
            words = option(1, b"comment %d" % number) + option(0, b"")
            file.write(block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + words))
            file.write(block(1, struct.pack("<HHI", 1, 0, 0) + option(2, b"eth%d" % number) + option(0, b"")))


def interfaces(path, count):
    """One section with interfaces of long names, and names of hosts."""
    with open(path, "wb", 1 << 20) as file:
        file.write(SECTION)
        for number in range(count):
            file.write(block(1, struct.pack("<HHI", 1, 0, 0) + option(2, b"e" * 2000 + b"%d" % number) + option(0, b"")))
            name = b"host%d\0" % number
            file.write(block(4, struct.pack("<HHI", 1, 4 + len(name), number) + name + bytes(-len(name) % 4) + bytes(4)))


def broken(path, size):
    """A pcapng file whose third block lies about its length; what follows has the size and takes no room."""
    with open(path, "wb") as file:
        file.write(SECTION + block(1, struct.pack("<HHI", 1, 0, 0)) + struct.pack("<II", 6, 0))
        file.truncate(size)


def endless(path, size):
    """A pcap file whose second packet is said to be longer than any; what follows has the size and takes no room."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1))
        file.write(struct.pack("<IIII", BEGIN, 0, 4, 4) + b"abcd" + struct.pack("<IIII", BEGIN, 0, 0x7FFFFFFF, 0x7FFFFFFF))
        file.truncate(size)
