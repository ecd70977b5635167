#!/usr/bin/env python3
"""Loads a server over HTTP and says what became of the calls and of its memory: load.py PROGRAM

Each round is 10,000 calls on 8 connections and 200 sessions of 5 calls at once. A last one is 1,500 connections at once, more than the server serves: it has
to answer or refuse each. Exit code 1 when a request was dropped without an answer.
"""
import asyncio
import json
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

CAPTURES = Path(__file__).resolve().parents[2] / "examples" / "captures"
ROUNDS = 3
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
PARAMS = {"name": "analyze_capinfos", "arguments": {"pcap_file": "dns.pcap", "max_chars": 2000}}
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {**PARAMS, "_meta": META}}
HEADERS = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "analyze_capinfos"}


class Connection:
    """One connection, which is made again when the server has closed it."""

    def __init__(self, port):
        self.port = port
        self.streams = None

    async def request(self, method, message=None, headers=None):
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        body = json.dumps(message).encode() if message else b""
        fields = {
            "Host": f"127.0.0.1:{self.port}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "Content-Length": len(body),
            **(headers or {}),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"{method} /mcp HTTP/1.1\r\n{head}\r\n".encode() + body)
        await writer.drain()
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        status = int(lines[0].split()[1])
        told = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        if told.get("transfer-encoding") == "chunked":
            body = await self.chunks(reader)
        else:
            body = await reader.readexactly(int(told.get("content-length", 0)))
        if told.get("connection") == "close":
            self.close()
        return status, told, body

    @staticmethod
    async def chunks(reader):
        body = b""
        while size := int((await reader.readline()).strip() or b"0", 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return body

    def close(self):
        if self.streams:
            self.streams[1].close()
        self.streams = None


def outcome(status, body):
    if status != 200:
        return f"refused with {status}"
    if b'"isError":false' in body:
        return "answered"
    return "refused as busy" if b"busy" in body else "failed"


async def calls(port, number, counted):
    connection = Connection(port)
    for _ in range(number):
        try:
            status, _, body = await connection.request("POST", CALL, HEADERS)
            counted[outcome(status, body)] += 1
        except (OSError, EOFError) as error:
            counted[f"dropped: {type(error).__name__}"] += 1
            connection.close()
    connection.close()


async def session(port, counted):
    connection = Connection(port)
    hello = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "load", "version": "1"},
    }
    try:
        message = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello}
        _, told, _ = await connection.request("POST", message)
        named = {"Mcp-Session-Id": told["mcp-session-id"], "MCP-Protocol-Version": "2025-11-25"}
        await connection.request("POST", {"jsonrpc": "2.0", "method": "notifications/initialized"}, named)
        for number in range(1, 6):
            message = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": PARAMS}
            status, _, body = await connection.request("POST", message, named)
            counted[outcome(status, body)] += 1
        await connection.request("DELETE", headers=named)
    except (OSError, EOFError, KeyError) as error:
        counted[f"dropped: {type(error).__name__}"] += 1
    connection.close()


def memory(process):
    status = Path(f"/proc/{process.pid}/status").read_text()
    return next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))


async def measure(process, name, work, total):
    counted = Counter()
    begun = time.monotonic()
    await asyncio.gather(*work(counted))
    seconds = time.monotonic() - begun
    print(f"{name}: {dict(counted)}, {total / seconds:.0f}/s, {memory(process)} kB resident", flush=True)
    return any(kind.startswith("dropped") for kind in counted)


async def run(process, port):
    print(f"at the start: {memory(process)} kB resident", flush=True)
    dropped = False
    for _ in range(ROUNDS):
        many = lambda counted: [calls(port, 1250, counted) for _ in range(8)]
        dropped |= await measure(process, "10,000 calls", many, 10_000)
        sessions = lambda counted: [session(port, counted) for _ in range(200)]
        dropped |= await measure(process, "200 sessions", sessions, 1_000)
    await asyncio.sleep(20)
    print(f"20 s later: {memory(process)} kB resident", flush=True)
    crowd = lambda counted: [calls(port, 4, counted) for _ in range(1500)]
    dropped |= await measure(process, "1,500 connections", crowd, 6_000)
    return dropped


def main():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(Path(sys.argv[1]).resolve()), "--transport", "http", "--port", str(port), "--audit-log", "/dev/null"]
    process = subprocess.Popen(command, cwd=CAPTURES, stderr=subprocess.DEVNULL)
    try:
        while subprocess.run([command[0], "healthcheck", f"http://127.0.0.1:{port}/healthz"], stderr=subprocess.DEVNULL).returncode:
            time.sleep(0.1)
        dropped = asyncio.run(run(process, port))
    finally:
        process.terminate()
        process.wait()
    sys.exit(dropped)


main()
