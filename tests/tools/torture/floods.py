"""Floods: each begins beside two ordinary calls, and goes on until it is told to end or the server is gone."""
import http.client
import json
import socket
import threading

from server import META, VERSION

HEAD = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"


class Flood:
    """Threads that each do the same again and again."""

    def __init__(self, work, threads):
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(work,), daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self, work):
        while not self.over.is_set():
            try:
                work(self.over)
            except (OSError, ValueError, http.client.HTTPException):
                self.over.wait(0.01)

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(5)


def held(server, count, begin, drip):
    """So many connections that begin a request and never end it."""
    def work(over):
        sockets = []
        try:
            while not over.is_set():
                if len(sockets) < count // 4:
                    try:
                        connection = socket.create_connection(("127.0.0.1", server.port), 5)
                        sockets.append(connection)
                        connection.sendall(begin)
                    except OSError:
                        over.wait(0.01)
                    continue
                over.wait(0.2)
                for connection in list(sockets):
                    try:
                        connection.sendall(drip)
                    except OSError:
                        sockets.remove(connection)
                        connection.close()
        finally:
            for connection in sockets:
                connection.close()
    return Flood(work, 4)


def heads(server, scale):
    return held(server, 20 + int(1500 * scale), HEAD.format(port=server.port).encode(), b"X-A: b\r\n")


def bodies(server, scale):
    begin = (HEAD.format(port=server.port) + "Content-Length: 60000\r\n\r\n{").encode()
    return held(server, 20 + int(1500 * scale), begin, b" ")


def large(server, scale):
    """Bodies of 64 MiB, sent as long as they are taken; some in chunks without end."""
    piece = b" " * (1 << 16)

    def work(over):
        with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
            if threading.get_ident() % 2:
                connection.sendall((HEAD.format(port=server.port) + f"Content-Length: {64 << 20}\r\n\r\n").encode())
                chunk = piece
            else:
                connection.sendall((HEAD.format(port=server.port) + "Transfer-Encoding: chunked\r\n\r\n").encode())
                chunk = b"10000\r\n" + piece + b"\r\n"
            for _ in range(1024):
                if over.is_set():
                    break
                connection.sendall(chunk)
    return Flood(work, 4 + int(28 * scale))


def fields(server, scale):
    """Heads of a megabyte, of many fields."""
    lines = "".join(f"X-{number}: {'y' * 50}\r\n" for number in range(16_000)).encode()

    def work(_):
        with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
            connection.sendall(HEAD.format(port=server.port).encode() + lines + b"\r\n")
            connection.recv(100)
    return Flood(work, 4 + int(28 * scale))


HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "flood" * 20, "version": "1"}}


def begin(server):
    """A session: the headers that name it."""
    status, told, _ = server.post({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": HELLO}, patience=10)
    session = {"Mcp-Session-Id": told.get("mcp-session-id") or "", "MCP-Protocol-Version": "2025-11-25"}
    if status == 200:
        server.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, session, 10)
    return session


def sessions(server, scale):
    """Sessions that are begun and left."""
    return Flood(lambda _: begin(server), 4 + int(28 * scale))


def same_number(server, scale):
    """Calls of one session that all have the same number."""
    session = begin(server)
    params = {"name": "analyze_capinfos", "arguments": {"pcap_file": "dns_two.pcap"}}
    return Flood(lambda _: server.post({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, session, 10),
                 4 + int(28 * scale))


def nested(server, scale):
    """JSON as deep as a body may be."""
    deep = "[" * 30_000 + "]" * 30_000

    def work(_):
        connection = server.connection(10)
        body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"analyze_capinfos","arguments":' + deep + "}}"
        connection.request("POST", "/mcp", body, {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
                                                  "MCP-Protocol-Version": VERSION, "Mcp-Method": "tools/call", "Mcp-Name": "analyze_capinfos"})
        connection.getresponse().read()
        connection.close()
    return Flood(work, 4 + int(12 * scale))


def crowd(server, scale):
    """Calls, more at once than may wait."""
    def work(_):
        sent = server.call("analyze_capinfos", {"pcap_file": "dns_two.pcap"})
        server.wait(sent, 30)
    return Flood(work, 16 + int(384 * scale))


def lines(server, scale):
    """Over stdio: a line of a hundred megabytes, and others that are no message."""
    size = max(4 << 20, int((100 << 20) * scale))

    def work(over):
        server.raw(b"not JSON\n[]\n" + b"\xff" * 1000 + b"\n" + b'{"jsonrpc":"2.0","id":' + b"[" * 100_000 + b"\n")
        server.raw(b'{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"x":"' + b"x" * size + b'"}}\n')
        over.wait()
    return Flood(work, 1)


def same_number_stdio(server, scale):
    """Over stdio: calls without waiting for answers, all with the same number."""
    call = {"jsonrpc": "2.0", "id": "same", "method": "tools/call",
            "params": {"name": "analyze_capinfos", "arguments": {"pcap_file": "dns_two.pcap"}, "_meta": META}}
    text = (json.dumps(call) + "\n").encode() * 50

    def work(over):
        for _ in range(max(1, int(100 * scale))):
            server.raw(text)
        over.wait()
    return Flood(work, 1)


ALL = [
    ("HTTP: heads half sent", heads, "http"),
    ("HTTP: bodies half sent", bodies, "http"),
    ("HTTP: bodies of 64 MiB", large, "http"),
    ("HTTP: heads of a megabyte", fields, "http"),
    ("HTTP: sessions begun and left", sessions, "http"),
    ("HTTP: a session's calls with one number", same_number, "http"),
    ("HTTP: deep JSON", nested, "http"),
    ("HTTP: calls, more than may wait", crowd, "http"),
    ("stdio: a line that is too long, and lines that are no message", lines, "stdio"),
    ("stdio: calls with one number", same_number_stdio, "stdio"),
]
