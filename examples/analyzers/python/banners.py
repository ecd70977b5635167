"""The tool `banners-python_servers`: what servers of TCP connections say first."""

import re

from packets import FINDINGS, PAGES, Frames, address, document, finding, fixed, listing, number, page, printable
from streams import Event

# A capture decides how much there is to keep, so everything has a bound.
SERVERS_MAX = 4096
LINE_BYTES, LINE_CHARACTERS, LINE_FRAMES = 512, 120, 8
FINDINGS_MAX = 100
# Where the client speaks first: DNS, HTTP, LDAP, HTTPS, SMB, RDP, Redis, HTTP.
CLIENT_FIRST = (53, 80, 389, 443, 445, 3389, 6379, 8080)
VERSION = re.compile(rb"[0-9]\.[0-9]")
SSH = re.compile(rb"^SSH-[^-]*")

REPORT = document(
    {
        "connections": number("TCP connections of which the capture has the beginning."),
        "connections_without_start": number("Connections that began before the capture: they tell nothing here, and are only counted."),
        "findings": FINDINGS,
        "servers": listing(
            "Servers, in the order of their addresses and ports.",
            {
                "address": fixed("IP address of the server."),
                "port": number("TCP port of the server."),
                "connections": number("Connections to it."),
                "server_first": number("Connections in which the server sent the first bytes."),
                "client_first": number("Connections in which the client did. In all others nobody sent any."),
                "banner": {"type": "string", "description": "The first line that it sent, in the first connection that has one: 120 characters at most. Captured text."},
                "frames": {"type": "array", "items": {"type": "integer"}, "description": "Frames that carried this line, the first 8."},
            },
        ),
        "pages": PAGES,
        "limits": document(
            {
                "connections_left_out": number("Connections to servers for which there was no room."),
                "findings_left_out": number("Findings beyond the first 100 of a rule."),
            }
        ),
    }
)


class Opening:
    """How a connection begins: who speaks first, and the first line of the server."""

    def __init__(self) -> None:
        self.sender, self.frame = "", 0  # who sent the first bytes, and in which frame
        self.line, self.frames, self.is_whole = b"", [], False

    def take(self, event: Event) -> None:
        if event.kind not in ("data", "gap"):
            return
        if not self.sender:
            self.sender, self.frame = event.sender, event.frame
        if event.sender == "client" or self.is_whole:
            return
        line, end, _ = event.data.partition(b"\n")
        # The line ends at a gap, too: what stands behind it is another part of the text.
        self.is_whole = event.kind == "gap" or end != b"" or len(self.line) + len(line) >= LINE_BYTES
        self.line = (self.line + line)[:LINE_BYTES]
        if event.kind == "data" and len(self.frames) < LINE_FRAMES:
            self.frames.append(event.frame)

    def tells_version(self) -> bool:
        """Whether the server tells something like `9.6` before it is asked. The version of SSH itself does not count (RFC 4253 section 4.2)."""
        return self.sender == "server" and VERSION.search(SSH.sub(b"", self.line)) is not None


class Server:
    """What is kept of a server."""

    def __init__(self) -> None:
        self.connections = self.client_first = 0
        self.banner, self.frames = b"", []
        self.server_first, self.versions = Frames(), Frames()

    def add(self, opening: Opening) -> None:
        self.connections += 1
        self.client_first += opening.sender == "client"
        if opening.sender == "server":
            self.server_first.add(opening.frame)
        if opening.tells_version():
            self.versions.add(opening.frames[0])
        if opening.frames and (not self.frames or opening.frames[0] < self.frames[0]):
            self.banner, self.frames = opening.line.removesuffix(b"\r"), opening.frames


class BannersServers:
    NAME = "banners-python_servers"
    TITLE = "Banners of TCP servers"
    DESCRIPTION = (
        "Lists the TCP servers of a packet capture with the first line that each sent (the banner of SSH, SMTP, FTP and others), and whether server or client speaks first. "
        "Finds servers that tell the version of their software, and servers that speak first on a port where clients do. Use it to see which software answers on which port."
    )
    ARGUMENTS = {
        "type": "object",
        "properties": {"speaks_first": {"enum": ["server", "client"], "description": "List only servers with connections in which this end sent the first bytes (default: all)."}},
    }
    REPORT = REPORT
    STREAMS = True
    WANTS = {"transports": []}
    PAGED = ["servers"]

    def __init__(self, arguments: dict) -> None:
        self.arguments = arguments
        self.openings: dict[int, Opening] = {}  # of the connections that are open, by their id
        self.servers: dict[tuple[int, bytes, int], Server] = {}  # by version, address, port
        self.connections = self.without_start = self.left_out = 0

    def stream(self, event: Event) -> None:
        """Takes what happened in a stream."""
        connection = event.connection
        if event.kind != "closed":
            if connection.client_known:
                self.openings.setdefault(connection.id, Opening()).take(event)
            return
        if not connection.client_known:
            self.without_start += 1
            return
        self.connections += 1
        opening = self.openings.pop(connection.id, None) or Opening()
        key = len(connection.server_bytes), connection.server_bytes, connection.server_port
        if key in self.servers or len(self.servers) < SERVERS_MAX:
            self.servers.setdefault(key, Server()).add(opening)
        else:
            self.left_out += 1

    def finish(self, _capture: dict) -> dict:
        servers = sorted(self.servers.items())
        rules = self.versions(servers), self.server_first(servers)
        side = self.arguments.get("speaks_first")
        chosen = [(key, server) for key, server in servers if not side or (server.server_first.total if side == "server" else server.client_first)]
        listed, told = page("servers", chosen, self.arguments)
        return {
            "connections": self.connections,
            "connections_without_start": self.without_start,
            "findings": [found for rule in rules for found in rule[:FINDINGS_MAX]],
            "servers": [
                {
                    "address": address(octets),
                    "port": port,
                    "connections": server.connections,
                    "server_first": server.server_first.total,
                    "client_first": server.client_first,
                    "banner": printable(server.banner, LINE_CHARACTERS),
                    "frames": server.frames,
                }
                for (_, octets, port), server in listed
            ],
            "pages": [told],
            "limits": {"connections_left_out": self.left_out, "findings_left_out": sum(max(0, len(rule) - FINDINGS_MAX) for rule in rules)},
        }

    def versions(self, servers: list) -> list[dict]:
        return [
            finding(
                rule="banners_software_version",
                subject=end(octets, port),
                severity="low",
                confidence="medium",
                observation="a server told a version of its software in clear to whoever connects",
                measures={"connections": server.versions.total},
                threshold="1 first line of a server that speaks first with a number such as 9.6 in it; of SSH, behind the version of the protocol",
                frames=server.versions,
                false_alarm="a number that is no version of software: an address, a date, the version of a protocol",
            )
            for (_, octets, port), server in servers
            if server.versions.total
        ]

    def server_first(self, servers: list) -> list[dict]:
        return [
            finding(
                rule="banners_server_spoke_first",
                subject=end(octets, port),
                severity="medium",
                confidence="medium",
                observation="a server sent the first bytes on a port where clients do",
                measures={"connections": server.server_first.total},
                threshold="1 connection to port 53, 80, 389, 443, 445, 3389, 6379 or 8080 in which the server sent the first bytes",
                frames=server.server_first,
                false_alarm="another service that was put on this port on purpose, such as SSH on 443; a web server that gives up on a client that asks nothing",
            )
            for (_, octets, port), server in servers
            if port in CLIENT_FIRST and server.server_first.total
        ]


def end(octets: bytes, port: int) -> str:
    """An address with its port, as text."""
    return f"[{address(octets)}]:{port}" if len(octets) == 16 else f"{address(octets)}:{port}"
