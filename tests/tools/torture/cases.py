"""The cases: what is made, what is asked, and whether it belongs to the quick part."""
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import captures
import floods
import guests
import packed

ROOT = Path(__file__).resolve().parents[3]
GIBIBYTE = 1 << 30
NOISE = 24 << 20
# Captures of the quick part.
QUICK = ("flows", "half-open connections", "fragments", "DNS names", "SIP calls", "sections", "a break and gigabytes, pcapng")


@dataclass
class Case:
    """One row. `make` writes what is asked about; `question` is a tool with arguments, or the name of a prompt."""
    name: str
    make: Callable | None = None
    file: str = "dns_two.pcap"
    question: tuple | str = ("analyze_capinfos", {})
    options: tuple = ()
    # Runs beside the calls.
    attack: Callable | None = None
    over: tuple = ("stdio", "http")
    quick: bool = False
    # Whether each server compiles the component again.
    compiles: bool = False


def of_captures(scale):
    """A capture for each thing that an analyzer keeps, more of it than there is room for."""
    capinfos, dns = ("analyze_capinfos", {}), ("analyze_dns_packets", {})
    tcp = [("analyze_tcp_connections", {}), ("analyze_tcp_anomalies", {}), ("analyze_tcp_retransmissions", {}),
           ("analyze_traffic_flow", {"server_ip": "198.51.100.20"})]
    chosen = ("analyze_capinfos", {"host": "10.0.0.0/12", "port": 80})
    kinds = [
        ("flows", captures.flows, 1_000_000, [*tcp, capinfos, chosen]),
        ("half-open connections", captures.half_open, 300_000, [dns, ("analyze_sip_packets", {}), *tcp[:3]]),
        ("segments behind a hole", captures.segments, 1_000_000, [dns, tcp[0]]),
        ("fragments", captures.fragments, 500_000, [dns, capinfos, ("get_frames", {"frames": [1, 100, 10_000]})]),
        ("DNS names", captures.names, 500_000, [dns, capinfos]),
        ("DNS pointers", captures.pointers, 1_000, [dns]),
        ("pings", captures.pings, 1_000_000, [("analyze_icmp_packets", {})]),
        ("DHCP clients", captures.leases, 300_000, [("analyze_dhcp_packets", {})]),
        ("SIP calls", captures.calls, 300_000, [("analyze_sip_packets", {})]),
        ("packets three times", captures.copies, 900_000, [capinfos, dns]),
        ("60 tunnels, 200 tags", captures.tunnels, 100_000, [capinfos]),
        ("longest packets", captures.large, 2_000, [capinfos]),
        ("frames of no byte", captures.empty, 16_000_000, [capinfos]),
        ("sections", captures.sections, 500_000, [capinfos]),
        ("interfaces and names", captures.interfaces, 60_000, [capinfos]),
        ("a break and gigabytes, pcapng", captures.broken, 4 * GIBIBYTE, [capinfos]),
        ("a break and gigabytes, pcap", captures.endless, 4 * GIBIBYTE, [capinfos]),
    ]
    for name, make, count, questions in kinds:
        count = max(10, int(count * scale))
        file = name.replace(" ", "-").replace(",", "") + ".pcap"
        for number, question in enumerate(questions):
            tool = question[0] + (" of host and port" if question is chosen else "")
            # A closure would see the last count.
            yield Case(f"{count:,} {name}: {tool}" if "break" not in name else f"{name}: {tool}",
                       lambda path, make=make, count=count: make(path, count), file, question, quick=number == 0 and name in QUICK)


def of_bombs(scale):
    """Each compression: what grows too much, and what grows as much as it may."""
    noisy = lambda: packed.BROKEN + packed.noise(max(1 << 20, int(NOISE * scale)))
    for ending, make in (("gz", packed.gzip), ("zst", packed.zstd), ("lz4", packed.lz4)):
        for name, head, size, quick in [
            ("a bomb behind a break", lambda: packed.BROKEN, 4 * GIBIBYTE, True),
            ("a bomb of frames of no byte", lambda: packed.HEAD, 4 * GIBIBYTE, False),
            ("a gigabyte behind a break, below the ratio", noisy, GIBIBYTE, ending == "zst"),
        ]:
            def write(path, make=make, head=head, size=size):
                make(path, head(), max(4 << 20, int(size * scale)))
            yield Case(f"{ending}: {name}", write, f"{name.replace(' ', '-')}.pcap.{ending}", quick=quick)


def of_components(_):
    """Each export, misbehaving in each way; reports of each shape; descriptions that are much work."""
    tool, prompt = ("torture_run", {}), "torture_prompt"
    ways = ("spin", "panic", "recurse", "memory", "words", "flood")
    exports = [("describe", tool), ("prompt", prompt), ("open", tool), ("feed", tool), ("finish", tool)]
    for export, question in exports:
        for way in ways:
            if way == "flood" and export in ("open", "feed"):
                continue
            yield component(f"component: {way} in `{export}`", lambda export=export, way=way: guests.misbehaving(f"{export} {way}"), question)
    for functions in (1, 20):
        yield component(f"component: to compile, functions as long as they may be: {functions}",
                        lambda functions=functions: guests.laborious(functions), tool, compiles=True)
    for bomb in ("subschemas", "deep", "pattern", "texts", "tools"):
        yield component(f"component: schema bomb, {bomb}", lambda bomb=bomb: guests.misbehaving(f"describe {bomb}"), tool)
    # These are built for other tests too, so they are quick.
    for way in ("recurse", "flood"):
        yield component(f"component: hostile `{way}`", guests.shapes, (f"hostile_{way}", {}), quick=True)
    for shape in "objects lists findings nested deep strings keys numbers long most_packets most_statistics".split():
        yield component(f"component: report of 16 MiB, {shape}", guests.shapes, (f"hostile_shape_{shape}", {"max_chars": 1_000_000}), quick=shape == "findings")


def component(name, wasm, question, **more):
    """A case that loads a component."""
    def make(path):
        folder = path.parent / "analyzers"
        folder.mkdir(exist_ok=True)
        (folder / "hostile.wasm").write_bytes(wasm())
        path.write_bytes((ROOT / "tests/captures/crafted/dns_two.pcap").read_bytes())
    return Case(name, make, question=question, options=("--analyzers", "analyzers", "--locked=false"), **more)


def of_floods(scale):
    """Clients that do what they should not, while two others ask."""
    small = lambda path: path.write_bytes((ROOT / "examples/captures/dns.pcap").read_bytes())
    for name, attack, over in floods.ALL:
        yield Case(name, small, attack=lambda server, attack=attack: attack(server, scale), over=(over,), quick=True)


def all_cases(scale):
    """In the order of the table."""
    for kind in (of_captures, of_bombs, of_components, of_floods):
        yield from kind(scale)


TOOLS = ["analyze_capinfos", "analyze_conversations", "analyze_dns_packets", "analyze_dhcp_packets", "analyze_http", "analyze_icmp_packets", "analyze_sip_packets", "analyze_tls", "analyze_quic",
         "analyze_tcp_connections", "analyze_tcp_anomalies", "analyze_tcp_retransmissions"]


def mutants(scale):
    """All captures of the project with bytes that are others: each with its name and what it became."""
    rng = random.Random(21)
    copies = max(1, int(40 * scale))
    for path in sorted([*ROOT.glob("examples/captures/*.pcap*"), *ROOT.glob("tests/captures/*/*.pcap*")]):
        whole = path.read_bytes()
        for _ in range(copies):
            data = bytearray(whole)
            for _ in range(rng.choice((1, 3, 20, 200))):
                if data:
                    data[rng.randrange(len(data))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
            if data and rng.random() < 0.2:
                del data[rng.randrange(len(data)):]
            yield path.suffix, bytes(data)
