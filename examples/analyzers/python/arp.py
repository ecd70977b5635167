"""The tool `arp-python_table`: ARP (RFC 826) over Ethernet, with the probes and announcements of RFC 5227."""

from packets import FINDINGS, FRAMES_CITED, Packet, address, document, finding, fixed, listing, mac, number

HEADER = 8
ETHERNET_IPV4 = b"\x00\x01\x08\x00\x06\x04"  # hardware and protocol type, lengths of their addresses
MESSAGE = 28
REQUEST, REPLY = 1, 2
UNSPECIFIED = bytes(4)

# A capture decides how much there is to keep, so every table has a bound.
BINDINGS_MAX = TARGETS_MAX = SENDERS_MAX = 4096
MALFORMED_CITED = 10
UNANSWERED_LISTED = 100
FINDINGS_MAX = 100
GRATUITOUS_MANY = 20

REPORT = document(
    {
        "arp_packets_found": number("ARP messages, malformed and other ones included."),
        "requests": number("Requests (operation 1)."),
        "replies": number("Replies (operation 2)."),
        "probes": number("Requests without a sender's address: who wants to know whether an address is free."),
        "announcements": number("Requests for the sender's own address: who tells that an address is taken."),
        "gratuitous_replies": number("Replies whose sender and target are the same."),
        "other_operations": number("Messages of another operation."),
        "other_hardware": number("Messages about something else than IPv4 over Ethernet."),
        "malformed": number("Messages that end before their fields."),
        "malformed_frames": {"type": "array", "items": {"type": "integer"}, "description": "Frames of the first of them."},
        "bindings": listing(
            "Which hardware address claimed which IPv4 address.",
            {
                "ip": fixed("The IPv4 address."),
                "mac": fixed("The hardware address."),
                "packets": number("Messages that claim it."),
                "first_frame": number("The first of them."),
                "last_frame": number("The last of them."),
            },
        ),
        "unanswered": listing(
            "Addresses that were asked for and never answered, those that were asked for most first.",
            {"ip": fixed("The IPv4 address."), "requests": number("Requests for it."), "first_frame": number("The first of them.")},
        ),
        "unanswered_total": number("How many such addresses there are."),
        "findings": FINDINGS,
        "limits": document(
            {
                "bindings_left_out": number("Messages with claims for which there was no room."),
                "targets_left_out": number("Requests for addresses for which there was no room."),
            }
        ),
    }
)


class ArpTable:
    NAME = "arp-python_table"
    TITLE = "ARP table"
    DESCRIPTION = (
        "Reads the ARP messages of a packet capture: which hardware address claimed which IPv4 address, requests, replies, probes and announcements, "
        "addresses claimed by several hardware addresses, and floods of gratuitous announcements. Use it to look for ARP spoofing and address conflicts in Ethernet captures."
    )
    ARGUMENTS = {
        "type": "object",
        "properties": {"max_packets": {"type": "integer", "minimum": 1, "description": "Stop after this many ARP messages (default: all)."}},
    }
    REPORT = REPORT
    ENDS = ["max_packets"]

    def __init__(self, arguments: dict) -> None:
        self.max_packets = arguments.get("max_packets")
        self.found = self.requests = self.replies = self.probes = self.announcements = self.gratuitous = 0
        self.other_operations = self.other_hardware = self.malformed = 0
        self.malformed_frames: list[int] = []
        self.bindings: dict[tuple[bytes, bytes], list[int]] = {}  # (ip, mac): packets, first, last frame
        self.targets: dict[bytes, list[int]] = {}  # ip: requests, first frame
        self.answered: set[bytes] = set()
        self.senders: dict[bytes, list] = {}  # mac: count of gratuitous messages, first frames
        self.bindings_left_out = self.targets_left_out = 0

    def packet(self, packet: Packet) -> bool:
        """Takes the next packet; whether more are wanted."""
        if packet.innermost == "Arp":
            self.message(packet.frame, packet.payload)
        return self.found != self.max_packets

    def message(self, frame: int, data: bytes) -> None:
        self.found += 1
        if len(data) < HEADER or len(data) < HEADER + 2 * (data[4] + data[5]):
            self.malformed += 1
            if len(self.malformed_frames) < MALFORMED_CITED:
                self.malformed_frames.append(frame)
        elif data[:6] != ETHERNET_IPV4:
            self.other_hardware += 1
        else:
            operation = data[6] << 8 | data[7]
            if operation in (REQUEST, REPLY):
                self.known(frame, operation, data[8:14], data[14:18], data[24:MESSAGE])
            else:
                self.other_operations += 1

    def known(self, frame: int, operation: int, mac: bytes, ip: bytes, target: bytes) -> None:
        is_own = ip == target and ip != UNSPECIFIED
        if operation == REQUEST:
            self.requests += 1
            self.announcements += is_own
            self.probes += ip == UNSPECIFIED
            if not is_own and ip != UNSPECIFIED:
                self.asked(frame, target)
        else:
            self.replies += 1
            self.gratuitous += ip == target
            # What was not asked for yet may be asked for later.
            if ip in self.targets or len(self.answered) < TARGETS_MAX:
                self.answered.add(ip)
        if is_own:
            self.announced(frame, mac)
        if ip != UNSPECIFIED:
            self.bound(frame, ip, mac)

    def asked(self, frame: int, target: bytes) -> None:
        known = self.targets.get(target)
        if known:
            known[0] += 1
        elif len(self.targets) < TARGETS_MAX:
            self.targets[target] = [1, frame]
        else:
            self.targets_left_out += 1

    def announced(self, frame: int, mac: bytes) -> None:
        sender = self.senders.get(mac)
        if sender is None:
            if len(self.senders) >= SENDERS_MAX:
                return
            sender = self.senders[mac] = [0, []]
        sender[0] += 1
        if len(sender[1]) < FRAMES_CITED:
            sender[1].append(frame)

    def bound(self, frame: int, ip: bytes, mac: bytes) -> None:
        known = self.bindings.get((ip, mac))
        if known:
            known[0] += 1
            known[2] = frame
        elif len(self.bindings) < BINDINGS_MAX:
            self.bindings[ip, mac] = [1, frame, frame]
        else:
            self.bindings_left_out += 1

    def finish(self, _capture: dict) -> dict:
        bindings = sorted(self.bindings.items())
        unanswered = sorted((-asked[0], ip, asked[1]) for ip, asked in self.targets.items() if ip not in self.answered)
        return {
            "arp_packets_found": self.found,
            "requests": self.requests,
            "replies": self.replies,
            "probes": self.probes,
            "announcements": self.announcements,
            "gratuitous_replies": self.gratuitous,
            "other_operations": self.other_operations,
            "other_hardware": self.other_hardware,
            "malformed": self.malformed,
            "malformed_frames": self.malformed_frames,
            "bindings": [
                {"ip": address(ip), "mac": mac(hardware), "packets": packets, "first_frame": first, "last_frame": last}
                for (ip, hardware), (packets, first, last) in bindings
            ],
            "unanswered": [{"ip": address(ip), "requests": -requests, "first_frame": first} for requests, ip, first in unanswered[:UNANSWERED_LISTED]],
            "unanswered_total": len(unanswered),
            "findings": self.duplicates(bindings)[:FINDINGS_MAX] + self.floods()[:FINDINGS_MAX],
            "limits": {"bindings_left_out": self.bindings_left_out, "targets_left_out": self.targets_left_out},
        }

    def duplicates(self, bindings: list) -> list[dict]:
        claims: dict[bytes, list] = {}
        for (ip, _), claim in bindings:
            claims.setdefault(ip, []).append(claim)
        return [
            finding(
                rule="arp_duplicate_binding",
                subject=address(ip),
                severity="medium",
                confidence="medium",
                observation="one IPv4 address was claimed by several hardware addresses",
                measures={"hardware_addresses": len(claimed), "packets": sum(packets for packets, _, _ in claimed)},
                threshold="2 hardware addresses for one IPv4 address",
                frames=[first for _, first, _ in claimed],
                frames_total=len(claimed),
                false_alarm="addresses that move between machines: failover pairs, VRRP without virtual hardware addresses, a replaced network card, DHCP leases given out again",
            )
            for ip, claimed in claims.items()
            if len(claimed) > 1
        ]

    def floods(self) -> list[dict]:
        return [
            finding(
                rule="arp_gratuitous_flood",
                subject=mac(hardware),
                severity="low",
                confidence="medium",
                observation="one hardware address sent many gratuitous ARP messages",
                measures={"gratuitous_messages": count},
                threshold="20 announcements or gratuitous replies of one sender hardware address",
                frames=frames,
                frames_total=count,
                false_alarm="failover clusters and virtual machine migrations announce all their addresses at once",
            )
            for hardware, (count, frames) in sorted(self.senders.items())
            if count >= GRATUITOUS_MANY
        ]
