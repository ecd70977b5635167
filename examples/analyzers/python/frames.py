"""What a Python analyzer needs besides its analysis: the frames of a batch, Ethernet, addresses, findings.

Copy this file into your own project. It knows nothing of the generated bindings, so unit tests can use it with plain objects.
"""

from typing import Iterator, NamedTuple

ETHERNET = 1  # LINKTYPE_ETHERNET, https://www.tcpdump.org/linktypes.html
VLAN_TAGS = (0x8100, 0x88A8, 0x9100)  # IEEE 802.1Q, 802.1ad, and the old number for stacked tags
VLAN_TAGS_MAX = 4
FRAMES_CITED = 20


class Frame(NamedTuple):
    """One frame, as it was captured."""

    number: int  # as Wireshark counts, from 1
    link_type: int  # value of the LINKTYPE_ registry
    data: bytes  # what was captured
    original: int  # octets that it had on the wire

    @property
    def is_cut(self) -> bool:
        """Whether less was captured than was on the wire."""
        return len(self.data) < self.original


class Links:
    """The links of a capture. A batch tells only those that are new, so one object lives as long as the run."""

    def __init__(self) -> None:
        self.types: list[int] = []

    def frames(self, batch) -> Iterator[Frame]:
        """The frames of the next batch, in order."""
        self.types.extend(link.link_type for link in batch.links)
        types, data, columns = self.types, batch.data, batch.frames
        rows = zip(columns.number, columns.offset, columns.captured, columns.original, columns.link)
        # The host has checked that each range lies in the data, and each link is known.
        for number, offset, captured, original, link in rows:
            yield Frame(number, types[link], data[offset : offset + captured], original)


def ethertype(data: bytes) -> tuple[int, int]:
    """EtherType of an Ethernet frame behind its VLAN tags, and where its payload begins; (-1, 0) for a frame that ends before that."""
    at = 12
    for _ in range(VLAN_TAGS_MAX + 1):
        if len(data) < at + 2:
            return -1, 0
        kind = data[at] << 8 | data[at + 1]
        if kind not in VLAN_TAGS:
            return kind, at + 2
        at += 4
    return -1, 0


def mac(octets: bytes) -> str:
    """A hardware address as text."""
    return octets.hex(":")


def ipv4(octets: bytes) -> str:
    """An IPv4 address as text."""
    return ".".join(map(str, octets))


def finding(
    rule: str, subject: str, severity: str, confidence: str, observation: str, measures: dict, threshold: str, frames: list, frames_total: int, false_alarm: str
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
        "frames": sorted(set(frames))[:FRAMES_CITED],
        "frames_total": frames_total,
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
