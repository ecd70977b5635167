"""A server that is started for one case: what it answers, the memory it takes, and how long it needs to end."""
import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

VERSION = "2026-07-28"
META = {"io.modelcontextprotocol/protocolVersion": VERSION, "io.modelcontextprotocol/clientCapabilities": {}}
# The longest that anything may take. A run may take 600 s.
PATIENCE = 900
# How long processes that it started may go on without it, in seconds.
LEFT = 5
# How often memory is looked at, in seconds.
PAUSE = 0.02


def status(pid):
    """High water mark and resident memory of a process in KiB, and its parent; nothing when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    told = dict(line.split(":", 1) for line in lines if ":" in line)
    if "VmRSS" not in told:
        return None
    number = lambda name: int(told[name].split()[0])
    return number("VmHWM"), number("VmRSS"), number("PPid")


class Memory(threading.Thread):
    """Watches a process: its own peak, and that of it and all its descendants together."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.own, self.all = pid, 0, 0

    def run(self):
        while now := status(self.pid):
            self.own = max(self.own, now[0])
            self.all = max(self.all, self.own, now[1] + sum(map(self.resident, self.children(self.pid))))
            time.sleep(PAUSE)

    def resident(self, pid):
        now = status(pid)
        return (now[1] if now else 0) + sum(map(self.resident, self.children(pid)))

    @staticmethod
    def children(pid):
        try:
            return [int(child) for task in os.listdir(f"/proc/{pid}/task")
                    for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split()]
        except OSError:
            return []


class Server:
    """The program with a folder of captures, and one for native code."""

    def __init__(self, program, folder, options=()):
        command = [str(program), *self.transport(), "--root", str(folder), "--audit-log", "/dev/null",
                   "--cache-dir", str(Path(folder) / "cache"), *options]
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.memory = Memory(self.process.pid)
        self.memory.start()
        try:
            self.ready()
        except Exception:
            self.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def end(self):
        """Tells it to end: how many seconds it took, or None when it, or a process that it started, did not."""
        begun, children = time.monotonic(), Memory.children(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            return None
        took = time.monotonic() - begun
        until = time.monotonic() + LEFT
        while any(map(status, children)):
            if time.monotonic() > until:
                return None
            time.sleep(PAUSE)
        return took

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()
            except OSError:
                pass


class Stdio(Server):
    """Over standard input and output: a thread reads the answers."""

    def transport(self):
        return ["--transport", "stdio"]

    def ready(self):
        self.answers, self.arrived, self.number = {}, threading.Condition(), 0
        threading.Thread(target=self.read, daemon=True).start()
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "torture", "version": "1"}}
        self.wait(self.send("initialize", hello), 60)
        self.write({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def read(self):
        for line in self.process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            with self.arrived:
                if "id" in message:
                    self.answers[message["id"]] = message
                self.arrived.notify_all()
        with self.arrived:
            self.answers[None] = {"error": {"code": "ended"}}
            self.arrived.notify_all()

    def write(self, message):
        self.raw(json.dumps(message).encode() + b"\n")

    def raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, method, params, number=None):
        self.number += 1
        number = number or self.number
        self.write({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return number

    def call(self, name, arguments, method="tools/call"):
        """Sends a request; `wait` gives its answer."""
        return self.send(method, {"name": name, "arguments": arguments})

    def wait(self, number, patience=PATIENCE):
        with self.arrived:
            self.arrived.wait_for(lambda: number in self.answers or None in self.answers, patience)
            return self.answers.get(number) or self.answers.get(None) or {"error": {"code": "no answer"}}


class Http(Server):
    """Over HTTP: each call is a request of its own, on a thread of its own."""

    def transport(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        return ["--transport", "http", "--port", str(self.port)]

    def ready(self):
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("the server did not start")

    def connection(self, patience=PATIENCE):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=patience)

    def post(self, message, headers=None, patience=PATIENCE):
        """Sends a message: status, headers, and the message in the body."""
        connection = self.connection(patience)
        fields = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **(headers or {})}
        try:
            connection.request("POST", "/mcp", json.dumps(message), fields)
            answer = connection.getresponse()
            return answer.status, answer.headers, decoded(answer.read())
        finally:
            connection.close()

    def call(self, name, arguments, method="tools/call"):
        """Sends a request on a thread; `wait` gives its answer."""
        told = {}

        def send():
            params = {"name": name, "arguments": arguments, "_meta": META}
            message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            named = {"MCP-Protocol-Version": VERSION, "Mcp-Method": method, "Mcp-Name": name}
            try:
                code, _, answer = self.post(message, named)
                told["answer"] = answer or {"error": {"code": f"HTTP {code}"}}
            except (OSError, http.client.HTTPException) as error:
                told["answer"] = {"error": {"code": type(error).__name__}}

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        return thread, told

    @staticmethod
    def wait(sent, patience=PATIENCE):
        sent[0].join(patience)
        return sent[1].get("answer") or {"error": {"code": "no answer"}}


def decoded(body):
    """The last message of a body, which is JSON or a stream of events."""
    lines = [line[6:] for line in body.split(b"\n") if line.startswith(b"data: {")]
    try:
        return json.loads(lines[-1] if lines else body)
    except ValueError:
        return None


def code(answer):
    """What an answer says, in a word or two."""
    if error := answer.get("error"):
        return str(error.get("code"))
    result = answer.get("result", {})
    try:
        report = json.loads(result["content"][0]["text"])
    except (KeyError, IndexError, ValueError):
        return "unreadable"
    if result.get("isError"):
        return report.get("code", "error")
    ended = report.get("capture", {}).get("ended")
    return f"report ({ended['reason']})" if ended else "report"
