"""A Ray cluster of two nodes on loopback, one of which is lost."""
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

TOOLS = Path(sys.executable).parent
HEAD, WORKER = "127.0.0.1", "127.0.0.2"
# Nothing is told to others, and the secret of the cluster is not kept in the home folder.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
PATIENCE = 300


def free_port(host="127.0.0.1"):
    with socket.socket() as one:
        one.bind((host, 0))
        return one.getsockname()[1]


class Node:
    """A node with a core. One that joins a head is in a process namespace of its own: when its first process is killed, all of it ends at once, as when a
    machine is lost."""

    def __init__(self, address, folder, head=None):
        self.is_head = head is None
        self.port = free_port() if self.is_head else head.port
        node = [TOOLS / "ray", "start", "--block", "--disable-usage-stats"]
        where = ["--head", f"--port={self.port}", f"--temp-dir={folder}", "--include-dashboard=false"]
        if head:
            node = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", *node]
            where = [f"--address={head.address}"]
        size = ["--num-cpus=1", "--memory=1000000000", "--object-store-memory=100000000"]
        self.log = folder / f"{address}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen([*node, *where, f"--node-ip-address={address}", *size], stdout=log, stderr=log, env=os.environ | QUIET)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        # unshare lets no other signal pass.
        self.process.send_signal(signal.SIGTERM if self.is_head else signal.SIGKILL)
        self.process.wait()

    def kill(self):
        self.process.kill()
        self.process.wait()

    @property
    def address(self):
        return f"{HEAD}:{self.port}"

    def exports(self):
        """The processes of it that export a capture, with its name: by number as this namespace has them."""
        space = os.readlink("/proc/self/ns/pid" if self.is_head else f"/proc/{self.process.pid}/ns/pid_for_children")
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and os.readlink(entry / "ns/pid") == space:
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    if b"export" in words:
                        capture, base = (Path(words[words.index(word) + 1].decode()) for word in (b"export", b"--base"))
                        yield int(entry.name), str(capture.relative_to(base))
            except OSError:
                continue

    def wait_for(self, nodes):
        """Waits until a cluster has so many nodes."""
        count = "import ray, sys; ray.init(address=sys.argv[1], log_to_driver=False); print(sum(node['Alive'] for node in ray.nodes()))"
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            told = subprocess.run([sys.executable, "-c", count, self.address], capture_output=True, text=True, env=os.environ | QUIET, check=False)
            if told.stdout.strip() == str(nodes):
                return
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.5)
        raise AssertionError(f"{nodes} nodes do not come together: {told.stderr}\n{self.log.read_text()}")


def exported(dataset):
    """The captures that a data set has, by their commit records."""
    return {json.loads(file.read_text())["capture"]["name"] for file in Path(dataset).glob("manifest/*.json")}


def freeze(head, worker, dataset, running):
    """Stops a program on a node in the middle of a capture, when the data set has some captures already. So that there is one, the other node is stopped
    before. Gives the name of the capture, and the number of the process that goes on when it is let."""
    held = None
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert running.poll() is None, f"it ended before a node was lost: {running.communicate()}"
        if held is None and len(exported(dataset)) >= 3:
            held, _ = stopped(head, dataset)
        if held is not None:
            number, name = stopped(worker, dataset)
            if number is not None:
                return name, held
    raise AssertionError("no capture was exported on the second node")


def stopped(node, dataset):
    """A process of a node that was stopped in the middle of a capture, and the name of this."""
    for number, name in node.exports():
        if stop(number) and name not in exported(dataset):
            return number, name
        resume(number)
    return None, None


def stop(number):
    """Whether a process was stopped before its end."""
    try:
        os.kill(number, signal.SIGSTOP)
        while (state := Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]) not in "TZX":
            time.sleep(0.001)
        return state == "T"
    except (ProcessLookupError, FileNotFoundError):
        return False


def resume(number):
    try:
        os.kill(number, signal.SIGCONT)
    except ProcessLookupError:
        pass
