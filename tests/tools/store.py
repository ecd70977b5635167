#!/usr/bin/env python3
"""Exports into an object store on this machine, and compares what is there with a folder.

    python3 -m venv v && v/bin/pip install 'moto[server]' && v/bin/python tests/tools/store.py [MCPCAP]

The store is moto, at 127.0.0.1 and nowhere else. Checked: the same objects as files, in one part and in many; a second time nothing is made; an
object that is taken away is made again; a bucket that is not there is told; what is interrupted leaves nothing behind.
"""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

import boto3

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "target/release/mcpcap")
CAPTURES = str(ROOT / "examples/captures")
COUNT = len(list(pathlib.Path(CAPTURES).glob("*.pcap*")))
BUCKET, PREFIX = "bucket", "some/where"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


PORT = free_port()
URL = f"http://127.0.0.1:{PORT}"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
STORE = {**KEYS, "AWS_ENDPOINT_URL": URL, "AWS_ALLOW_HTTP": "true"}


def export(to, *more, code=0, env=STORE):
    command = [PROGRAM, "export", *(more or [CAPTURES]), "--to", to]
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=600)
    assert done.returncode == code, (command, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def objects(client):
    found = {}
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=PREFIX + "/"):
        for entry in page.get("Contents", []):
            body = client.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
            found[entry["Key"].removeprefix(PREFIX + "/")] = body
    return found


def large(folder):
    """A capture whose packets as CSV are several parts."""
    whole = (ROOT / "examples/captures/tcp.pcap").read_bytes()
    path = folder / "large.pcap"
    path.write_bytes(whole[:24] + whole[24:] * 900)
    return str(path)


def main():
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(PORT)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(300):
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", PORT)) == 0:
                    break
            time.sleep(0.1)
        client = boto3.client(
            "s3", endpoint_url=URL, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_bucket(Bucket=BUCKET)
        with tempfile.TemporaryDirectory() as folder:
            check(client, pathlib.Path(folder))
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
    print("all is there")


def check(client, folder):
    place = f"s3://{BUCKET}/{PREFIX}"
    local = folder / "local"
    export(str(local))
    export(place)
    assert objects(client) == files(local), "objects are not the files"
    print(f"{len(files(local))} objects are the files")
    assert f"{COUNT} captures: 0 files, 0 rows, 0 bytes" in export(place)
    name = next(name for name in objects(client) if name.startswith("dns/dns.pcap"))
    client.delete_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}")
    assert f"{COUNT} captures: 1 files, " in export(place)
    assert objects(client) == files(local)
    print("what was taken away was made again")
    capture = large(folder)
    arguments = [capture, "--tables", "packets", "--format", "csv"]
    export(str(folder / "other"), *arguments)
    export(f"s3://{BUCKET}/{PREFIX}", *arguments)
    made = {name: body for name, body in files(folder / "other").items()}
    there = objects(client)
    assert all(there[name] == body for name, body in made.items())
    sizes = sorted(len(body) for body in made.values())
    assert sizes[-1] > 3 * (8 << 20), sizes
    print(f"an object of {sizes[-1]} bytes is the file")
    assert "cannot be" in export("s3://nowhere/x", "--tables", "dns", CAPTURES, code=1)
    interrupted(client, capture)


def interrupted(client, capture):
    before = objects(client)
    command = [PROGRAM, "export", capture, "--to", f"s3://{BUCKET}/{PREFIX}/again", "--tables", "packets", "--format", "csv"]
    for wait in (0.2, 1, 2, 3, 4, 5, 6, 7, 8):
        child = subprocess.Popen(command, env={**os.environ, **STORE}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(wait)
        child.send_signal(signal.SIGINT)
        if child.wait() == 0:
            break
        uploads = client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        assert objects(client) == before and not uploads, (wait, uploads)
    print(f"what was interrupted within {wait} s left nothing")


main()
