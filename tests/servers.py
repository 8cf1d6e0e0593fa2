"""Processes of embedded servers, and a program that uses one."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]

HOLD = """
import sys
from pathlib import Path
from reportdb.database.embedded_server import embedded_server
with embedded_server(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""
"""A program that uses the server of a folder until its standard input ends, and prints the owner's URL."""


def postmaster(folder: Path) -> int | None:
    """Return the process id of the folder's server, if one runs."""
    try:
        process = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(process, 0)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return process


def server_processes(folder: Path) -> dict[int, dict[str, list[str]]]:
    """Return the kernel's status of each process of the folder's server, by process id: {"Uid": ["1", ...], ...}."""
    first = postmaster(folder)
    found = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            rows = [row.partition(":") for row in status.read_text().splitlines()]
        except (FileNotFoundError, ProcessLookupError):
            continue
        said = {name: value.split() for name, _, value in rows}
        if first in {int(status.parent.name), int(said["PPid"][0])}:
            found[int(status.parent.name)] = said
    return found
