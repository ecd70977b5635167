"""The tool `{{name}}_summary`: its arguments, what it keeps, its report."""

from frames import ETHERNET, FINDINGS, FRAMES_CITED, Links, document, ethertype, finding, fixed, listing, number

# A capture decides how much there is to keep, so every table has a bound.
KINDS_MAX = 4096


class Summary:
    NAME = "{{name}}_summary"
    TITLE = "Kinds of frames"
    DESCRIPTION = (
        "Counts the Ethernet frames of a packet capture by EtherType, behind VLAN tags, and names frames that were cut when they were captured. "
        "Use it to see what there is before looking into one protocol."
    )
    ARGUMENTS = {
        "type": "object",
        "properties": {"top": {"type": "integer", "minimum": 1, "maximum": 100, "description": "Kinds to list, those with most octets first (default 20)."}},
    }
    REPORT = document(
        {
            "frames": number("Frames that were looked at."),
            "kinds": listing(
                "The kinds of frames with most octets.",
                {
                    "ethertype": fixed("EtherType as hexadecimal digits; `none` for a frame that has none."),
                    "frames": number("How many frames."),
                    "octets": number("Their octets on the wire."),
                },
            ),
            "kinds_total": number("How many kinds there are."),
            "findings": FINDINGS,
        }
    )

    def __init__(self, arguments: dict) -> None:
        self.top = arguments.get("top", 20)
        self.links = Links()
        self.frames = 0
        self.kinds: dict[int, list[int]] = {}  # EtherType: frames, octets
        self.cut: list[int] = []
        self.cut_total = 0

    def feed(self, batch) -> bool:
        """Takes the next frames; whether more are wanted."""
        for frame in self.links.frames(batch):
            self.frames += 1
            kind = ethertype(frame.data)[0] if frame.link_type == ETHERNET else -1
            if kind in self.kinds or len(self.kinds) < KINDS_MAX:
                counts = self.kinds.setdefault(kind, [0, 0])
                counts[0] += 1
                counts[1] += frame.original
            if frame.is_cut:
                self.cut_total += 1
                if len(self.cut) < FRAMES_CITED:
                    self.cut.append(frame.number)
        return True

    def finish(self, capture: dict) -> dict:
        """The report. `capture` is what the host knows of the file: `wit/README.md` has its fields."""
        ranked = sorted(self.kinds.items(), key=lambda item: (-item[1][1], item[0]))
        return {
            "frames": self.frames,
            "kinds": [
                {"ethertype": f"0x{kind:04x}" if kind >= 0 else "none", "frames": frames, "octets": octets} for kind, (frames, octets) in ranked[: self.top]
            ],
            "kinds_total": len(ranked),
            "findings": self.findings(),
        }

    def findings(self) -> list[dict]:
        if not self.cut_total:
            return []
        return [
            finding(
                rule="{{snake}}_cut_frames",
                subject="the capture",
                severity="info",
                confidence="high",
                observation="frames were cut when they were captured",
                measures={"frames": self.cut_total},
                threshold="1 frame of which less was captured than was on the wire",
                frames=self.cut,
                frames_total=self.cut_total,
                false_alarm="captures that were made with a small snap length on purpose",
            )
        ]
