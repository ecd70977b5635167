"""Runs a tool over frames that a test makes, as the host would. Copy this file into your own project."""

from types import SimpleNamespace

from frames import ETHERNET


def run(tool, frames: list[bytes], arguments: dict = {}, batch_size: int = 1000, original: int | None = None) -> dict:
    """The report on Ethernet frames, given in batches; `original` is their length on the wire, when it is another one."""
    running = tool(arguments)
    links = [SimpleNamespace(link_type=ETHERNET)]
    for start in range(0, len(frames), batch_size):
        piece = frames[start : start + batch_size]
        offsets, data = [], b""
        for frame in piece:
            offsets.append(len(data))
            data += frame
        columns = SimpleNamespace(
            number=list(range(start + 1, start + 1 + len(piece))),
            timestamp=[0] * len(piece),
            offset=offsets,
            captured=[len(frame) for frame in piece],
            original=[original or len(frame) for frame in piece],
            link=[0] * len(piece),
            flags=[0] * len(piece),
        )
        if not running.feed(SimpleNamespace(frames=columns, links=links if start == 0 else [], position=0, data=data)):
            break
    return running.finish({})
