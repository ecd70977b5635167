"""What a Python analyzer needs besides its analysis: the packets of a batch, addresses, findings, schemas.

Copy this file into your own project. It knows nothing of the generated bindings, so unit tests can use it with plain objects.
"""

from base64 import b64encode
from bisect import insort
from ipaddress import IPv4Address, IPv6Address
from typing import Iterator

FRAMES_CITED = 20
PAGE = 50
UNKNOWN_TIME = 2**64 - 1
TRANSPORTS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}
# By their numbers in the contract: the first is 1.
LAYERS = (
    "Ethernet Vlan Llc LinuxCooked LinuxCooked2 Loopback RawIp Ppp PppoeDiscovery PppoeSession CiscoHdlc Radiotap Ieee80211 Mpls Gre Vxlan Geneve Erspan L2tp "
    "Gtp Teredo Capwap Tzsp Ayiya Gue Lisp EtherIp Nsh Wccp VnTag Etag CiscoMetadata Pbb Hsr Macsec Rtag Trill FabricPath Pim Ppi FrameRelay Ipnet Ipoib Nflog "
    "Fddi Arcnet Juniper Pktap Pflog Enc Prism Avs TokenRing Arp Ipv4 Ipv6 Ipv6HopByHop Ipv6Routing Ipv6Fragment Ipv6DestinationOptions AuthenticationHeader "
    "Udp Tcp Sctp Icmp Icmpv6 Igmp OtherIp OtherEthertype OtherLink"
).split()
STOPS = (
    "",
    "UnknownLinkType",
    "OtherNetworkLayer",
    "OtherTransport",
    "Cut",
    "Malformed",
    "FragmentKept",
    "FragmentRefused",
    "TooDeep",
)


class Packet:
    """One frame with the packet in it: what is innermost, behind link layers, tags and tunnels. What is not asked for is not read."""

    __slots__ = ("_batch", "_columns", "_row", "_stacks")

    def __init__(self, batch, columns, row: int, stacks: dict) -> None:
        self._batch, self._columns, self._row, self._stacks = batch, columns, row, stacks

    @property
    def frame(self) -> int:
        """Number of the frame, as Wireshark counts, from 1."""
        return self._batch.frames.number[self._columns.row[self._row]]

    @property
    def time(self) -> int | None:
        """Nanoseconds since 1970; None where the file has no time."""
        time = self._batch.frames.timestamp[self._columns.row[self._row]]
        return None if time == UNKNOWN_TIME else time

    @property
    def frame_size(self) -> int:
        """Bytes that the frame had on the wire."""
        return self._batch.frames.original[self._columns.row[self._row]]

    @property
    def version(self) -> int:
        """4, 6, or 0: there is no IP header."""
        return self._columns.version[self._row]

    @property
    def source_bytes(self) -> bytes:
        """Source address: 4 or 16 bytes, none without an IP header."""
        return self._address(self._columns.source_high, self._columns.source_low)

    @property
    def destination_bytes(self) -> bytes:
        """Destination address, likewise."""
        return self._address(self._columns.destination_high, self._columns.destination_low)

    @property
    def source(self) -> str:
        """Source address as text; empty without an IP header."""
        return address(self.source_bytes)

    @property
    def destination(self) -> str:
        """Destination address as text."""
        return address(self.destination_bytes)

    @property
    def protocol(self) -> int:
        """Number of the protocol behind the IP header."""
        return self._columns.protocol[self._row]

    @property
    def transport(self) -> str:
        """The transport header that was reached: udp, tcp, icmp, icmpv6; empty when none was."""
        return TRANSPORTS.get(self._columns.transport[self._row], "")

    @property
    def source_port(self) -> int:
        """Source port of UDP and TCP; otherwise 0."""
        return self._columns.source_port[self._row]

    @property
    def destination_port(self) -> int:
        """Destination port, likewise."""
        return self._columns.destination_port[self._row]

    @property
    def payload(self) -> bytes:
        """What the transport header carries, as far as it was captured; without one, what the innermost layer carries."""
        at, size, data = self._columns.payload[self._row], self._columns.captured[self._row], self._batch.data
        if at < len(data):
            return data[at : at + size]
        at -= len(data)
        return self._columns.joined[at : at + size]

    @property
    def length(self) -> int:
        """Bytes of the payload that were on the wire."""
        return self._columns.length[self._row]

    @property
    def is_cut(self) -> bool:
        """Whether less of the payload was captured than was on the wire."""
        return self._columns.captured[self._row] < self._columns.length[self._row]

    @property
    def layers(self) -> tuple[tuple[str, int], ...]:
        """Name and number (VLAN id, label, ..) of each layer, outermost first."""
        stack = self._columns.stack[self._row]
        known = self._stacks.get(stack)
        if known is None:
            ends = self._columns.layer_ends
            found = self._columns.layers[ends[stack - 1] if stack else 0 : ends[stack]]
            known = self._stacks[stack] = tuple((layer_name(layer >> 32), layer & 0xFFFFFFFF) for layer in found)
        return known

    @property
    def innermost(self) -> str:
        """Name of the innermost layer; empty for a frame without any."""
        layers = self.layers
        return layers[-1][0] if layers else ""

    @property
    def vlans(self) -> list[int]:
        """VLAN ids, outermost first."""
        return [number for name, number in self.layers if name == "Vlan"]

    @property
    def stop(self) -> str:
        """Why decoding ended before the transport's payload, as in the contract; empty when it did not."""
        code = self._columns.stop[self._row]
        return STOPS[code] if code < len(STOPS) else str(code)

    @property
    def copy_of(self) -> int | None:
        """The frame that has the same packet first, when this one was captured again."""
        return self._columns.copy_of[self._row] or None

    @property
    def community_id(self) -> str:
        """Community ID of its flow, as Zeek and Suricata write it, for a tool that says `"community_ids": True`; empty otherwise and without IP."""
        found = self._columns.community[self._row * 20 : (self._row + 1) * 20]
        return "1:" + b64encode(found).decode() if any(found) else ""

    def _address(self, high, low) -> bytes:
        version = self.version
        if version == 4:
            return low[self._row].to_bytes(4, "big")
        return high[self._row].to_bytes(8, "big") + low[self._row].to_bytes(8, "big") if version else b""


def packets(batch, columns) -> Iterator[Packet]:
    """The packets of a batch, in order. The host has checked the columns."""
    stacks: dict = {}
    for row in range(len(columns.row)):
        yield Packet(batch, columns, row, stacks)


def layer_name(kind: int) -> str:
    """Name of a layer's kind; its number when it is a newer one."""
    return LAYERS[kind - 1] if 0 < kind <= len(LAYERS) else str(kind)


def address(octets: bytes) -> str:
    """An address of 4 or 16 bytes as text; nothing for no bytes."""
    if len(octets) == 4:
        return str(IPv4Address(octets))
    return str(IPv6Address(octets)) if octets else ""


def mac(octets: bytes) -> str:
    """A hardware address as text."""
    return octets.hex(":")


def printable(data: bytes, most: int) -> str:
    """At most `most` characters of captured text: UTF-8 as it is, but control characters and bytes that are no UTF-8 as `\\xNN`, and `…` where it was cut."""
    text = ""
    for at, character in enumerate(data.decode("utf-8", "surrogateescape")):
        if at == most:
            return text + "…"
        if character < " " or "\x7f" <= character <= "\x9f" or "\udc80" <= character <= "\udcff":
            character = "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))
        text += character
    return text


class Frames:
    """Frames that show something: how many, and the first of them."""

    def __init__(self) -> None:
        self.total = 0
        self.cited: list[int] = []

    def add(self, frame: int) -> None:
        self.total += 1
        if len(self.cited) < FRAMES_CITED or frame < self.cited[-1]:
            insort(self.cited, frame)
            del self.cited[FRAMES_CITED:]


def page(name: str, entries: list, arguments: dict) -> tuple[list, dict]:
    """The part of a list that is asked for, of those that PAGED names, and what the report's `pages` says of it."""
    asked = arguments.get("page", {})
    offset = asked.get("offset", 0)
    part = entries[offset : offset + asked.get("limit", PAGE)]
    return part, {"list": name, "total": len(entries), "offset": offset, "returned": len(part)}


def finding(
    rule: str, subject: str, severity: str, confidence: str, observation: str, measures: dict, threshold: str, frames: Frames, false_alarm: str
) -> dict:
    """What an analyst would want to be told, in the form that all analyzers use. `measures` are numbers by their names."""
    return {
        "rule": rule,
        "subject": subject,
        "severity": severity,  # info, low, medium, high
        "confidence": confidence,  # low, medium, high
        "observation": observation,
        "measures": [{"name": name, "value": float(value)} for name, value in measures.items()],
        "threshold": threshold,
        "frames": frames.cited,
        "frames_total": frames.total,
        "false_alarm": false_alarm,
    }


def number(description: str) -> dict:
    """The schema of a count."""
    return {"type": "integer", "minimum": 0, "description": description}


def fixed(description: str) -> dict:
    """The schema of a text that is the analyzer's own, and not from the capture."""
    return {"type": "string", "description": description, "x-mcpcap-fixed": True}


def listing(description: str, properties: dict) -> dict:
    """The schema of a list of objects."""
    return {"type": "array", "description": description, "items": document(properties)}


def document(properties: dict) -> dict:
    """The schema of an object with all of these members."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


FINDINGS = listing(
    "What an analyst would want to be told.",
    {
        "rule": fixed("Name of the rule."),
        "subject": {"type": "string", "description": "What it is about."},
        "severity": {"enum": ["info", "low", "medium", "high"], "description": "How bad it is if it is what it looks like."},
        "confidence": {"enum": ["low", "medium", "high"], "description": "How sure the rule is."},
        "observation": fixed("What was observed."),
        "measures": listing("The numbers of the observation.", {"name": fixed("What was counted."), "value": {"type": "number", "description": "Its value."}}),
        "threshold": fixed("The condition that was met."),
        "frames": {"type": "array", "items": {"type": "integer"}, "description": "Frames that show it; the first ones where there are many."},
        "frames_total": number("How many frames show it in all."),
        "false_alarm": fixed("What could make it a false alarm."),
    },
)

PAGES = listing(
    "Which part of its long lists the report holds.",
    {
        "list": fixed("Name of the list."),
        "total": number("How many entries there are in the capture."),
        "offset": number("How many of them come before the first one here."),
        "returned": number("How many are here."),
    },
)
