"""The tool `{{name}}_summary`: its arguments, what it keeps, its report."""

from packets import FINDINGS, FRAMES_CITED, Packet, document, finding, fixed, listing, number

# A capture decides how much there is to keep, so every table has a bound.
SERVICES_MAX = 4096


class Summary:
    NAME = "{{name}}_summary"
    TITLE = "Services of a capture"
    DESCRIPTION = (
        "Counts the packets of a capture over UDP and TCP by service, and names those whose payload was cut when they were captured. "
        "Use it to see which services there are before looking into one of them."
    )
    WANTS = {"transports": ["udp", "tcp"]}
    ARGUMENTS = {
        "type": "object",
        "properties": {"top": {"type": "integer", "minimum": 1, "maximum": 4096, "description": "Services to list, those with most bytes first (default 20)."}},
    }
    REPORT = document(
        {
            "packets": number("Packets over UDP and TCP, without copies."),
            "copies": number("Packets that were captured again."),
            "findings": FINDINGS,
            "services": listing(
                "The services with most bytes: the lower one of both ports.",
                {
                    "transport": fixed("`udp` or `tcp`."),
                    "port": number("Its port."),
                    "packets": number("Packets in both directions."),
                    "bytes": number("Bytes of their payloads on the wire."),
                },
            ),
            "left_out": number("Packets of services for which there was no room."),
        }
    )

    def __init__(self, arguments: dict) -> None:
        self.top = arguments.get("top", 20)
        self.packets = self.copies = self.left_out = 0
        self.services: dict[tuple[str, int], list[int]] = {}  # transport and port: packets, bytes
        self.cut: list[int] = []
        self.cut_total = 0

    def packet(self, packet: Packet) -> bool:
        """Takes the next packet; whether more are wanted."""
        if packet.copy_of:
            self.copies += 1
            return True
        self.packets += 1
        service = packet.transport, min(packet.source_port, packet.destination_port)
        if service in self.services or len(self.services) < SERVICES_MAX:
            counts = self.services.setdefault(service, [0, 0])
            counts[0] += 1
            counts[1] += packet.length
        else:
            self.left_out += 1
        if packet.is_cut:
            self.cut_total += 1
            if len(self.cut) < FRAMES_CITED:
                self.cut.append(packet.frame)
        return True

    def finish(self, capture: dict) -> dict:
        """The report. `capture` is what the host knows of the file; the contract's README has its fields."""
        ranked = sorted(self.services.items(), key=lambda item: (-item[1][1], item[0]))
        return {
            "packets": self.packets,
            "copies": self.copies,
            "findings": self.findings(),
            "services": [
                {"transport": transport, "port": port, "packets": packets, "bytes": size} for (transport, port), (packets, size) in ranked[: self.top]
            ],
            "left_out": self.left_out,
        }

    def findings(self) -> list[dict]:
        if not self.cut_total:
            return []
        return [
            finding(
                rule="{{snake}}_cut_payloads",
                subject="the capture",
                severity="info",
                confidence="high",
                observation="payloads were cut when they were captured",
                measures={"packets": self.cut_total},
                threshold="1 packet of whose payload less was captured than was on the wire",
                frames=self.cut,
                frames_total=self.cut_total,
                false_alarm="captures that were made with a small snap length on purpose",
            )
        ]
