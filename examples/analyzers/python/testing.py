"""Runs a tool over packets and events of streams that a test makes, as the host would. Copy this file into your own project."""

from ipaddress import ip_address
from types import SimpleNamespace

from packets import LAYERS, TRANSPORTS, UNKNOWN_TIME
from streams import CUT, NO_VLAN, SEGMENT_START, feed

NUMBERS = {name: number for number, name in TRANSPORTS.items()}
SIDES = ("client", "server")
REASONS = ("fin", "reset", "reused", "evicted", "capture_end")


def udp(source: tuple[str, int], destination: tuple[str, int], payload: bytes, **more) -> dict:
    """A datagram from and to an address and a port; `more` as in `packet`."""
    return packet(payload, "udp", source, destination, **more)


def tcp(source: tuple[str, int], destination: tuple[str, int], payload: bytes, **more) -> dict:
    """A segment, likewise."""
    return packet(payload, "tcp", source, destination, **more)


def packet(
    payload: bytes,
    transport: str = "",
    source: tuple = ("", 0),
    destination: tuple = ("", 0),
    *,
    layers: tuple = ("Ethernet",),
    length: int | None = None,
    time: int = 0,
    copy_of: int = 0,
    stop: int = 0,
    community: bytes = bytes(20),
) -> dict:
    """A packet. `layers` are the names of those around IP; `length` is that of the payload on the wire, when it is another one."""
    return {
        "payload": payload,
        "transport": NUMBERS.get(transport, 0),
        "source": source,
        "destination": destination,
        "layers": layers,
        "length": len(payload) if length is None else length,
        "time": time,
        "copy_of": copy_of,
        "stop": stop,
        "community": community,
    }


class Stream:
    """A TCP connection between an address and a port each, which makes events. The frame of an event is its place in the list, from 1."""

    made = 0

    def __init__(self, client: tuple[str, int], server: tuple[str, int], known: bool = True) -> None:
        self.client, self.server, self.known, self.id = client, server, known, Stream.made
        Stream.made += 1

    def data(self, sender: str, data: bytes, **more) -> dict:
        """Bytes that an end sends. `joined`: they waited, so they stand in no frame of the batch."""
        return self._event(1 + SIDES.index(sender), data=data, length=len(data), **more)

    def gap(self, sender: str, missing: int, **more) -> dict:
        """Bytes that are not in the capture."""
        return self._event(3 + SIDES.index(sender), length=missing, **more)

    def fin(self, sender: str, **more) -> dict:
        """An end says that nothing more comes from it."""
        return self._event(7 + SIDES.index(sender), **more)

    def closed(self, reason: str = "fin", **more) -> dict:
        """Nothing more comes."""
        return self._event(9 + REASONS.index(reason), **more)

    def _event(self, kind: int, *, data=b"", length=0, position=0, frame=None, time=UNKNOWN_TIME, joined=False, cut=False, start=True) -> dict:
        bits = SEGMENT_START * (start and kind < 3) | CUT * cut
        return {"stream": self, "kind": kind, "data": data, "length": length, "position": position, "frame": frame, "time": time, "joined": joined, "bits": bits}


def run(tool, made: list[dict], arguments: dict = {}, batch_size: int = 1000) -> dict:
    """The report on packets and events in the order of the file, given in batches."""
    running = tool(arguments)
    for start in range(0, len(made), batch_size):
        if not feed(running, *columns(made[start : start + batch_size], start + 1)):
            break
    return running.finish({})


def columns(made: list[dict], first_frame: int) -> tuple:
    """The batch, its packets and its events, as the contract has them."""
    numbered = list(enumerate(made, first_frame))
    packets, events = ([(n, one) for n, one in numbered if ("stream" in one) == is_event] for is_event in (False, True))
    batch = SimpleNamespace(data=b"\0")
    table, happened = of_packets(packets, batch), of_events(events, batch)
    # What is in no frame is behind all data.
    happened.offset = [at if at >= 0 else len(batch.data) - 1 - at for at in happened.offset]
    return batch, table, happened


def of_packets(numbered: list[tuple[int, dict]], batch) -> SimpleNamespace:
    made = [one for _, one in numbered]
    rows = len(made)
    sources, destinations = ([ip_address(one[end][0]) if one[end][0] else None for one in made] for end in ("source", "destination"))
    offsets = []
    for one in made:
        offsets.append(len(batch.data) if one["payload"] else 0)
        batch.data += one["payload"]
    layers, ends = [], []
    for one, ip in zip(made, sources):
        names = [*one["layers"], *([f"Ipv{ip.version}"] if ip else []), *([TRANSPORTS[one["transport"]].capitalize()] if one["transport"] else [])]
        layers += [LAYERS.index(name) + 1 << 32 for name in names]
        ends.append(len(layers))
    sizes = [len(one["payload"]) for one in made]
    batch.frames = SimpleNamespace(number=[n for n, _ in numbered], timestamp=[one["time"] for one in made], original=[one["length"] for one in made])
    return SimpleNamespace(
        row=list(range(rows)),
        stack=list(range(rows)),
        version=bytes(ip.version if ip else 0 for ip in sources),
        source_high=[high(ip) for ip in sources],
        source_low=[low(ip) for ip in sources],
        destination_high=[high(ip) for ip in destinations],
        destination_low=[low(ip) for ip in destinations],
        protocol=bytes(one["transport"] for one in made),
        transport=bytes(one["transport"] for one in made),
        source_port=[one["source"][1] for one in made],
        destination_port=[one["destination"][1] for one in made],
        payload=offsets,
        captured=sizes,
        length=[one["length"] for one in made],
        stop=bytes(one["stop"] for one in made),
        copy_of=[one["copy_of"] for one in made],
        community=b"".join(one["community"] for one in made),
        layers=layers,
        layer_ends=ends,
        joined=b"",
    )


def of_events(numbered: list[tuple[int, dict]], batch) -> SimpleNamespace:
    made, streams = [one for _, one in numbered], [one["stream"] for _, one in numbered]
    offsets, joined = [], b""
    for one in made:
        offsets.append(-1 - len(joined) if one["joined"] else len(batch.data) if one["data"] else 0)
        if one["joined"]:
            joined += one["data"]
        else:
            batch.data += one["data"]
    clients, servers = [ip_address(stream.client[0]) for stream in streams], [ip_address(stream.server[0]) for stream in streams]
    return SimpleNamespace(
        arrival=[n for n, _ in numbered],
        connection=list(range(len(made))),
        kind=bytes(one["kind"] for one in made),
        event_flags=bytes(one["bits"] for one in made),
        frame=[n if one["frame"] is None else one["frame"] for n, one in numbered],
        timestamp=[one["time"] for one in made],
        position=[one["position"] for one in made],
        offset=offsets,
        length=[one["length"] for one in made],
        id=[stream.id for stream in streams],
        number=[stream.id for stream in streams],
        version=bytes(ip.version for ip in clients),
        client_high=[high(ip) for ip in clients],
        client_low=[low(ip) for ip in clients],
        client_port=[stream.client[1] for stream in streams],
        server_high=[high(ip) for ip in servers],
        server_low=[low(ip) for ip in servers],
        server_port=[stream.server[1] for stream in streams],
        client_known=bytes(stream.known for stream in streams),
        first_frame=[n for n, _ in numbered],
        vlan=[NO_VLAN] * len(made),
        joined=joined,
    )


def high(ip) -> int:
    return int(ip) >> 64 if ip else 0


def low(ip) -> int:
    return int(ip) & (1 << 64) - 1 if ip else 0
