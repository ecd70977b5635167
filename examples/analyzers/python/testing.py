"""Runs a tool over packets that a test makes, as the host would. Copy this file into your own project."""

from ipaddress import ip_address
from types import SimpleNamespace

from packets import LAYERS, TRANSPORTS, packets

NUMBERS = {name: number for number, name in TRANSPORTS.items()}


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
    }


def run(tool, made: list[dict], arguments: dict = {}, batch_size: int = 1000) -> dict:
    """The report on packets, given in batches."""
    running = tool(arguments)
    for start in range(0, len(made), batch_size):
        if any(running.packet(one) is False for one in packets(*columns(made[start : start + batch_size], start + 1))):
            break
    return running.finish({})


def columns(made: list[dict], first_frame: int) -> tuple:
    """The batch and its columns, as the contract has them."""
    rows = len(made)
    sources, destinations = ([ip_address(one[end][0]) if one[end][0] else None for one in made] for end in ("source", "destination"))
    offsets, data = [], b"\0"
    for one in made:
        offsets.append(len(data) if one["payload"] else 0)
        data += one["payload"]
    layers, ends = [], []
    for one, ip in zip(made, sources):
        names = [*one["layers"], *([f"Ipv{ip.version}"] if ip else []), *([TRANSPORTS[one["transport"]].capitalize()] if one["transport"] else [])]
        layers += [LAYERS.index(name) + 1 << 32 for name in names]
        ends.append(len(layers))
    sizes = [len(one["payload"]) for one in made]
    frames = SimpleNamespace(number=list(range(first_frame, first_frame + rows)), timestamp=[one["time"] for one in made], original=[one["length"] for one in made])
    table = SimpleNamespace(
        row=list(range(rows)),
        stack=list(range(rows)),
        version=bytes(ip.version if ip else 0 for ip in sources),
        source_high=[int(ip) >> 64 if ip else 0 for ip in sources],
        source_low=[int(ip) & (1 << 64) - 1 if ip else 0 for ip in sources],
        destination_high=[int(ip) >> 64 if ip else 0 for ip in destinations],
        destination_low=[int(ip) & (1 << 64) - 1 if ip else 0 for ip in destinations],
        protocol=bytes(one["transport"] for one in made),
        transport=bytes(one["transport"] for one in made),
        source_port=[one["source"][1] for one in made],
        destination_port=[one["destination"][1] for one in made],
        payload=offsets,
        captured=sizes,
        length=[one["length"] for one in made],
        stop=bytes(one["stop"] for one in made),
        copy_of=[one["copy_of"] for one in made],
        layers=layers,
        layer_ends=ends,
        joined=b"",
    )
    return SimpleNamespace(frames=frames, data=data), table
