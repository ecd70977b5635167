#!/usr/bin/env python3
"""Makes the MCP bundle of a built program, for the kind of machine that it runs on: bundle.py PROGRAM FOLDER

Writes FOLDER/mcpcap-VERSION-SYSTEM-PROCESSOR.mcpb, the same octets for the same program, and FOLDER/server.json: the project's with
the bundle's SHA-256, as the registry wants it.
"""

import hashlib
import json
import platform
import sys
import zipfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
RELEASES = "https://github.com/mcpcap/mcpcap/releases/download"


def main(program, folder):
    system, processor = platform.system().lower(), platform.machine().lower()
    manifest = json.loads((PROJECT / "packaging/mcpb/manifest.json").read_text())
    # A binary runs on one system only, whatever the others could do with another bundle.
    manifest["compatibility"]["platforms"] = [system]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    bundle = folder / f"mcpcap-{manifest['version']}-{system}-{processor}.mcpb"
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        add(archive, "manifest.json", (json.dumps(manifest, indent=2) + "\n").encode(), 0o644)
        add(archive, "LICENSE", (PROJECT / "LICENSE").read_bytes(), 0o644)
        add(archive, manifest["server"]["entry_point"], Path(program).read_bytes(), 0o755)
    digest = hashlib.sha256(bundle.read_bytes()).hexdigest()

    server = json.loads((PROJECT / "server.json").read_text())
    # What has no digest cannot be published: bundles of other machines are added there.
    others = [package for package in server["packages"] if package["registryType"] != "mcpb"]
    identifier = f"{RELEASES}/v{manifest['version']}/{bundle.name}"
    package = {"registryType": "mcpb", "identifier": identifier, "fileSha256": digest, "transport": {"type": "stdio"}}
    server["packages"] = [*others, package]
    (folder / "server.json").write_text(json.dumps(server, indent=2) + "\n")
    print(f"{digest}  {bundle}")


def add(archive, name, content, mode):
    """A file with a fixed time, so that the same content gives the same bundle."""
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, so that the mode counts.
    entry.external_attr = (0o100000 | mode) << 16
    archive.writestr(entry, content)


if __name__ == "__main__":
    main(*sys.argv[1:])
