"""What happened in TCP streams: the decoder has put them together. Copy this file into your own project; it knows nothing of the generated bindings."""

from typing import Iterator

from packets import UNKNOWN_TIME, address, packets

SENDERS = {1: "client", 2: "server", 3: "client", 4: "server", 5: "client", 6: "server", 7: "client", 8: "server"}
KINDS = {1: "data", 2: "data", 3: "gap", 4: "gap", 5: "conflict", 6: "conflict", 7: "fin", 8: "fin"}
REASONS = {9: "fin", 10: "reset", 11: "reused", 12: "evicted", 13: "capture_end"}
SEGMENT_START, CUT = 1, 2
NO_VLAN = 0xFFFF


class Connection:
    """A TCP connection. What is not asked for is not read."""

    __slots__ = ("_columns", "_place")

    def __init__(self, columns, place: int) -> None:
        self._columns, self._place = columns, place

    @property
    def id(self) -> int:
        """What tells it from all others of the capture."""
        return self._columns.id[self._place]

    @property
    def number(self) -> int:
        """The number under which all tools know it, from 0. Data behind its end has the same number and another id."""
        return self._columns.number[self._place]

    @property
    def client_bytes(self) -> bytes:
        """Address of the end that opened it: 4 or 16 bytes."""
        return self._address(self._columns.client_high, self._columns.client_low)

    @property
    def server_bytes(self) -> bytes:
        """Address of the other end, likewise."""
        return self._address(self._columns.server_high, self._columns.server_low)

    @property
    def client(self) -> str:
        """Address of the end that opened it, as text."""
        return address(self.client_bytes)

    @property
    def server(self) -> str:
        """Address of the other end, as text."""
        return address(self.server_bytes)

    @property
    def client_port(self) -> int:
        return self._columns.client_port[self._place]

    @property
    def server_port(self) -> int:
        return self._columns.server_port[self._place]

    @property
    def client_known(self) -> bool:
        """Whether a SYN told who the client is: its beginning is in the capture. Otherwise it is taken from the ports."""
        return self._columns.client_known[self._place] != 0

    @property
    def first_frame(self) -> int:
        """Its first frame."""
        return self._columns.first_frame[self._place]

    @property
    def vlan(self) -> int | None:
        """The outermost VLAN id of its first packet."""
        vlan = self._columns.vlan[self._place]
        return None if vlan == NO_VLAN else vlan

    def _address(self, high, low) -> bytes:
        if self._columns.version[self._place] == 4:
            return low[self._place].to_bytes(4, "big")
        return high[self._place].to_bytes(8, "big") + low[self._place].to_bytes(8, "big")


class Event:
    """Something that happened in a stream. What is not asked for is not read."""

    __slots__ = ("_batch", "_columns", "_row")

    def __init__(self, batch, columns, row: int) -> None:
        self._batch, self._columns, self._row = batch, columns, row

    @property
    def connection(self) -> Connection:
        return Connection(self._columns, self._columns.connection[self._row])

    @property
    def kind(self) -> str:
        """`data`: the next bytes of a direction. `gap`: bytes that are not in the capture. `conflict`: a segment says otherwise about bytes that came
        first, and those count. `fin`: one end said that nothing more comes from it, and everything before was given. `closed`: nothing more comes, given once for each connection, after everything else."""
        return KINDS.get(self._columns.kind[self._row], "closed")

    @property
    def sender(self) -> str:
        """`client` or `server`: who sent the bytes; empty when it is closed."""
        return SENDERS.get(self._columns.kind[self._row], "")

    @property
    def reason(self) -> str:
        """Why nothing more comes: `fin`, `reset`, `reused` (by a new connection), `evicted` (it made room for others), `capture_end`; empty before."""
        return REASONS.get(self._columns.kind[self._row], "")

    @property
    def arrival(self) -> int:
        """The frame whose packet brought the event."""
        return self._columns.arrival[self._row]

    @property
    def frame(self) -> int:
        """The frame that carried the data, that shows that bytes are missing, that contradicts, or that has FIN; or the last one of the connection."""
        return self._columns.frame[self._row]

    @property
    def time(self) -> int | None:
        """When data was captured, in nanoseconds since 1970; None where that is not known, and for all that is not data."""
        time = self._columns.timestamp[self._row]
        return None if time == UNKNOWN_TIME else time

    @property
    def position(self) -> int:
        """Bytes of this direction before these, those that are missing among them."""
        return self._columns.position[self._row]

    @property
    def length(self) -> int:
        """Bytes of data, bytes that are missing, or those of the segment that contradicts."""
        return self._columns.length[self._row]

    @property
    def data(self) -> bytes:
        """The bytes; empty for all that is not data."""
        at, data = self._columns.offset[self._row], self._batch.data
        if self.kind != "data":
            return b""
        if at < len(data):
            return data[at : at + self.length]
        at -= len(data)
        return self._columns.joined[at : at + self.length]

    @property
    def is_segment_start(self) -> bool:
        """Whether data begins where the payload of a segment begins."""
        return self._columns.event_flags[self._row] & SEGMENT_START != 0

    @property
    def is_cut(self) -> bool:
        """Whether the snap length cut the missing bytes off the frame."""
        return self._columns.event_flags[self._row] & CUT != 0


def events(batch, columns) -> Iterator[Event]:
    """The events of a batch, in order. The host has checked the columns."""
    for row in range(len(columns.kind)):
        yield Event(batch, columns, row)


def feed(tool, batch, columns, streams) -> bool:
    """Hands all of a batch to a tool in the order of the file: an event stands behind the packet that brought it. Whether more is wanted."""
    coming = events(batch, streams)
    event = next(coming, None)
    for packet in packets(batch, columns):
        while event and event.arrival < packet.frame:
            if tool.stream(event) is False:
                return False
            event = next(coming, None)
        if tool.packet(packet) is False:
            return False
    while event:
        if tool.stream(event) is False:
            return False
        event = next(coming, None)
    return True
