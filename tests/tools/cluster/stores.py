"""An object store on loopback, as moto imitates S3."""
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from nodes import free_port


class Store:
    """Runs while the block does. `environment` is what clients need."""

    def __init__(self, folder):
        self.port = free_port()
        self.log = folder / "store.log"
        self.environment = os.environ | {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def __enter__(self):
        with self.log.open("w") as log:
            server = Path(sys.executable).parent / "moto_server"
            self.process = subprocess.Popen([server, "-H", "127.0.0.1", "-p", str(self.port)], stdout=log, stderr=log, env=self.environment)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.1)
        raise AssertionError(f"the store does not listen: {self.log.read_text()}")

    def __exit__(self, *failure):
        self.process.terminate()
        self.process.wait()

    def copy(self, source, target):
        """Copies a folder to or from the store; the bucket is made where it is missing. In a process of its own, which has the store's environment."""
        script = """
import os
import sys
from pyarrow import fs
store = fs.S3FileSystem(endpoint_override=os.environ["AWS_ENDPOINT_URL"], allow_bucket_creation=True)
place = lambda written: (store, written[5:]) if written.startswith("s3://") else (fs.LocalFileSystem(), written)
(source, here), (target, there) = map(place, sys.argv[1:])
target.create_dir(there)
fs.copy_files(here, there, source_filesystem=source, destination_filesystem=target)
"""
        subprocess.run([sys.executable, "-c", script, str(source), str(target)], env=self.environment, check=True)
