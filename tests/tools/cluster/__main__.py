"""Tries examples/cluster on this machine, and compares each way with one machine's data set, file by file. Run by run.sh, where only loopback is.

Usage: tests/tools/cluster/run.sh PROGRAM FOLDER
"""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import kubernetes_validate
import yaml

import questions
from nodes import HEAD, QUIET, WORKER, Node, exported, freeze, resume
from stores import Store

PROJECT = Path(__file__).resolve().parents[3]
EXAMPLE = PROJECT / "examples" / "cluster"
# The oldest version of Kubernetes that examples/cluster names.
KUBERNETES = "1.33"
POISON, CUT, LARGE = "poison.pcap", "below/cut.pcap", "below/large.pcap"


def said(words):
    print(words, flush=True)


def digests(folder):
    """What each file has, but for those that a lost machine was writing, which no reader takes for a part of the data set."""
    files = (file for file in Path(folder).rglob("*") if file.is_file() and not file.name.startswith("."))
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def same(one, other):
    """Whether two datasets are the same, file by file."""
    one, other = digests(one), digests(other)
    differing = [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]
    assert one and not differing, f"{len(differing)} files differ: {differing[:5]}"
    return len(one)


def gather(folder):
    """The captures, in folders as they are, with one that is none, one that is cut, and one that is worth some time."""
    source = Path(os.environ.get("MCPCAP_CORPUS") or PROJECT / "examples" / "captures")
    for file in source.rglob("*"):
        if file.suffix in (".pcap", ".pcapng", ".cap"):
            target = folder / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    (folder / "below").mkdir(exist_ok=True)
    (folder / POISON).write_bytes(b"no capture at all\n" * 100)
    whole = (PROJECT / "examples/captures/tcp.pcap").read_bytes()
    (folder / CUT).write_bytes(whole[: len(whole) * 2 // 3])
    repeat = [sys.executable, PROJECT / "tests/tools/repeat_capture.py", PROJECT / "examples/captures/dns.pcap", folder / LARGE, "4"]
    subprocess.run(repeat, check=True)
    return sum(file.is_file() for file in folder.rglob("*"))


def on_one(program, captures, dataset):
    """What one machine makes; gives which captures it told to be no such."""
    done = subprocess.run([program, "export", ".", "--to", dataset, "--format", "parquet"], cwd=captures, capture_output=True, text=True, check=False)
    assert done.returncode == 1, f"exit code {done.returncode}: {done.stderr}"
    assert POISON in done.stderr and CUT in done.stderr, done.stderr
    return len(exported(dataset))


def ray_export(program, captures, dataset, **options):
    command = [sys.executable, EXAMPLE / "ray_export.py", captures, "--to", dataset, "--mcpcap", program]
    return subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def summary(running):
    """What ray_export.py printed at its end: one capture cannot be read, and one is damaged."""
    out, error = running.communicate(timeout=1800)
    assert running.returncode == 1 and out, f"exit code {running.returncode}: {error[-4000:]}"
    told = json.loads(out)
    assert POISON in told["failed"] and CUT in told["damaged"], told
    return told


def on_two(program, captures, one, folder):
    """Ray with two nodes, of which one is lost in the middle of a capture; then again."""
    dataset = folder / "two"
    with Node(HEAD, folder / "ray") as head, Node(WORKER, folder / "ray", head) as worker:
        head.wait_for(2)
        environment = os.environ | QUIET | {"RAY_ADDRESS": head.address}
        running = ray_export(program, captures, dataset, env=environment)
        lost, held = freeze(head, worker, dataset, running)
        before = len(exported(dataset))
        worker.kill()
        resume(held)
        told = summary(running)
        assert lost in exported(dataset), lost
        files = same(one, dataset)
        assert told["dataset"]["captures"] == len(exported(one)), told
        said(f"Ray, two nodes: one was lost in the middle of {lost}, with {before} captures done; {' and '.join(map(str, told['nodes'].values()))} tasks ended by node; "
             f"the same {files} files as one machine's")
        times = {file: file.stat().st_mtime_ns for file in dataset.rglob("*.parquet")}
        summary(ray_export(program, captures, dataset, env=environment))
        assert times == {file: file.stat().st_mtime_ns for file in dataset.rglob("*.parquet")}
        said("Ray, again: no file was written anew")


def in_buckets(program, captures, one, folder):
    """Ray from a bucket into another, and the Kubernetes job as its pods would run."""
    with Store(folder) as store:
        store.copy(captures, "s3://captures/all")
        # An export makes no bucket.
        (folder / "nothing").mkdir()
        store.copy(folder / "nothing", "s3://dataset")
        summary(ray_export(program, "s3://captures/all", "s3://dataset/ray", env=store.environment | QUIET))
        store.copy("s3://dataset/ray", folder / "from-bucket")
        said(f"Ray, from a bucket into another: the same {same(one, folder / 'from-bucket')} files")
        job, volume = job_of_kubernetes(), captures
        to = pods(job, program, volume, store.environment)
        store.copy(to, folder / "from-pods")
        said(f"Kubernetes: the manifest fits its schema; what its {job['spec']['completions']} pods would run writes the same {same(one, folder / 'from-pods')} files")


def job_of_kubernetes():
    """The job in the manifest, of which each part fits the schema of its kind, in the oldest version of Kubernetes that it is for and in the newest."""
    parts = list(yaml.safe_load_all((EXAMPLE / "kubernetes-job.yaml").read_text()))
    for part in parts:
        for version in (KUBERNETES, kubernetes_validate.latest_version()):
            kubernetes_validate.validate(part, version, strict=True)
    return next(part for part in parts if part["kind"] == "Job")


def pods(job, program, volume, environment):
    """Runs the job's container for each index, as Kubernetes puts the arguments together; gives where it writes."""
    (container,) = job["spec"]["template"]["spec"]["containers"]
    (mount,) = (mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "captures")
    codes = set()
    for index in range(job["spec"]["completions"]):
        arguments = [word.replace("$(JOB_COMPLETION_INDEX)", str(index)) for word in container["args"]]
        arguments = [str(volume) if word == mount else word for word in arguments]
        codes.add(subprocess.run([program, *arguments], env=environment, capture_output=True, check=False).returncode)
    assert codes <= {0, 1, 3} and 1 in codes, codes
    return next(word.removeprefix("--to=") for word in container["args"] if word.startswith("--to="))


def main():
    program = sys.argv[1]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="mc-", ignore_cleanup_errors=True) as folder:
        folder = Path(folder)
        captures, one = folder / "captures", folder / "one"
        captures.mkdir()
        (folder / "ray").mkdir()
        number = gather(captures)
        done = on_one(program, captures, one)
        said(f"one machine: {done} of {number} captures, {len(digests(one))} files")
        on_two(program, captures, one, folder)
        in_buckets(program, captures, one, folder)
        asked, rows = questions.compare(program, captures, folder / "two")
        said(f"DuckDB and Spark: {asked} questions with {rows} rows, the same answers as mcpcap query")
    print("all the same")


if __name__ == "__main__":
    main()
