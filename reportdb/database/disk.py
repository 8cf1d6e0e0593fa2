"""Free space on the database's disk."""

import os
from pathlib import Path

_MEGABYTE = 1024 * 1024
ROOM_TO_START = 17 * _MEGABYTE
"""Bytes: PostgreSQL creates its write-ahead log in files of 16 MB, and stops if it cannot."""
_WORDS_OF_A_FULL_DISK = ("No space left on device", "Disk quota exceeded")


def room(folder: Path) -> int:
    """Return the bytes free for ordinary users on the disk of a server's data, present or future."""
    there = next(path for path in (folder / "data", folder, *folder.parents) if path.exists())
    found = os.statvfs(there)
    return found.f_bavail * found.f_frsize


def is_full(folder: Path) -> bool:
    """Whether a folder's disk has too little space for PostgreSQL to run."""
    return room(folder) < ROOM_TO_START


def tells_of_a_full_disk(words: str) -> bool:
    """Whether a failure's message says that the disk is full."""
    return any(said in words for said in _WORDS_OF_A_FULL_DISK)


def full_words(folder: Path) -> str:
    """Return a sentence for the operator: which disk is full, how much is free, what to do."""
    free = room(folder) // _MEGABYTE
    now = f"is full: {free} MB free" if is_full(folder) else f"ran full; {free} MB are free again now"
    return f"The disk of {folder} {now}. Make room on it and try again. Nothing that was committed is lost."
