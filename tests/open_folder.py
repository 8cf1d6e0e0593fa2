"""A temporary folder that every user can reach, as a server started by root needs."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def open_folder(prefix: str, within: str | None = None) -> Iterator[Path]:
    """Yield a new folder of mode 755, removed at the end: `within` a folder, or in a temporary folder open to all.

    Not in pytest's own folder, nor in a closed TMPDIR: root's server would put its data elsewhere.
    """
    places = [tempfile.gettempdir(), "/var/tmp", "/tmp"]
    within = within or next(place for place in places if _open(Path(place)))
    with tempfile.TemporaryDirectory(prefix=prefix, dir=within) as place:
        Path(place).chmod(0o755)
        yield Path(place)


def _open(folder: Path) -> bool:
    there = folder.resolve()
    return all(path.is_dir() and path.stat().st_mode & 0o001 for path in (there, *there.parents))
