#!/usr/bin/env bash
# Tries examples/cluster on this machine: run.sh PROGRAM FOLDER. FOLDER keeps the Python packages. Captures are those of examples/captures, or of the
# folder MCPCAP_CORPUS. Ray, Spark and the object store run in a network namespace that has only loopback, and end with this script.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
for needed in java unshare ip python3; do
    command -v "$needed" >/dev/null || {
        echo "$needed is missing; on Debian: apt-get install default-jre-headless util-linux iproute2 python3-venv" >&2
        exit 1
    }
done
wanted=$(cat "$here/../../../examples/cluster/requirements.txt" "$here/requirements.txt")
if [ "$wanted" != "$(cat "$folder/installed" 2>/dev/null)" ]; then
    rm -rf "$folder/venv"
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r <(echo "$wanted")
    echo "$wanted" >"$folder/installed"
fi
exec unshare --user --map-root-user --net --pid --fork --kill-child --mount-proc -- sh -c 'ip link set lo up && exec "$@"' sh "$folder/venv/bin/python" "$here" "$program"
