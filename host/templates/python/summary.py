"""The tool `{{name}}_summary`: its arguments, what it keeps, its report."""

from packets import FINDINGS, Frames, address, document, finding, fixed, listing, number
from streams import Event

# A capture decides how much there is to keep, so every table has a bound.
SERVERS_MAX = 4096


class Summary:
    NAME = "{{name}}_summary"
    TITLE = "TCP servers of a capture"
    DESCRIPTION = (
        "Counts the bytes that each TCP server of a capture sent, and those that were not captured. "
        "Use it to see which servers there are before looking into one of them."
    )
    # It is given what happens in TCP streams, and no packets.
    STREAMS = True
    WANTS = {"transports": []}
    ARGUMENTS = {
        "type": "object",
        "properties": {"top": {"type": "integer", "minimum": 1, "maximum": 4096, "description": "Servers to list, those that sent most bytes first (default 20)."}},
    }
    REPORT = document(
        {
            "findings": FINDINGS,
            "servers": listing(
                "The servers that sent most bytes.",
                {
                    "address": fixed("IP address."),
                    "port": number("TCP port."),
                    "connections": number("Connections to it."),
                    "bytes": number("Bytes that it sent."),
                    "missing": number("Bytes that it sent and that are not in the capture."),
                },
            ),
            "left_out": number("Connections to servers for which there was no room."),
        }
    )

    def __init__(self, arguments: dict) -> None:
        self.top = arguments.get("top", 20)
        self.servers: dict[tuple[bytes, int], dict] = {}  # by address and port
        self.gaps = Frames()
        self.left_out = 0

    def stream(self, event: Event) -> None:
        """Takes the next event. If it returned False, no more would come."""
        key = event.connection.server_bytes, event.connection.server_port
        if key not in self.servers and len(self.servers) == SERVERS_MAX:
            self.left_out += event.kind == "closed"
            return
        counts = self.servers.setdefault(key, {"connections": 0, "bytes": 0, "missing": 0})
        if event.kind == "closed":
            counts["connections"] += 1
        elif event.kind == "data" and event.sender == "server":
            counts["bytes"] += event.length  # event.data has them
        elif event.kind == "gap" and event.sender == "server":
            counts["missing"] += event.length
            self.gaps.add(event.frame)

    def finish(self, capture: dict) -> dict:
        """The report. `capture` is what the host knows of the file; the contract's README has its fields."""
        ranked = sorted(self.servers.items(), key=lambda item: (-item[1]["bytes"], item[0]))
        return {
            "findings": self.findings(),
            "servers": [{"address": address(octets), "port": port, **counts} for (octets, port), counts in ranked[: self.top]],
            "left_out": self.left_out,
        }

    def findings(self) -> list[dict]:
        if not self.gaps.total:
            return []
        return [
            finding(
                rule="{{snake}}_missing_bytes",
                subject="the capture",
                severity="info",
                confidence="high",
                observation="bytes that servers sent are not in the capture",
                measures={"gaps": self.gaps.total},
                threshold="1 gap in what a server sent",
                frames=self.gaps,
                false_alarm="captures that were made with a small snap length on purpose",
            )
        ]
