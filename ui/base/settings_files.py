"""Read settings files so that an error names the file and the place in it.

`python -m ui.base.settings_files` checks all of them. `make run` calls it first, because Streamlit reads its
config.toml before any of our code runs.
"""

import os
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_OF_STREAMLIT = ("config.toml", "secrets.toml")
_NAMED_BY = {"REPORT_THRESHOLDS": "thresholds.toml", "REPORT_SCREENS": "screens.toml"}


class BrokenSettings(Exception):
    """A settings file cannot be read; the message names the file and the place."""


def read_toml(file: Path) -> dict[str, Any]:
    """Return the content of a TOML file. Raises BrokenSettings if it is not TOML in UTF-8, OSError if it is missing."""
    try:
        return tomllib.loads(read_text(file))
    except tomllib.TOMLDecodeError as error:
        raise BrokenSettings(f"{file} is not TOML: {error}.") from error


def read_text(file: Path) -> str:
    """Return the text of a file. Raises BrokenSettings if it is not UTF-8, OSError if it is missing."""
    content = file.read_bytes()
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BrokenSettings(
            f"{file} is not UTF-8: byte {error.start + 1}, in line {line}, is 0x{content[error.start]:02X}. "
            "Save the file as UTF-8."
        ) from error


def check_files(files: Iterable[Path]) -> None:
    """Check settings files: .toml files as TOML, others as UTF-8 text, folders recursively. Raises BrokenSettings.

    Missing files are fine.
    """
    for file in files:
        try:
            if file.is_dir():
                check_files(sorted(path for path in file.rglob("*") if path.is_file()))
            elif file.suffix == ".toml":
                read_toml(file)
            elif file.exists():
                read_text(file)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise BrokenSettings(f"{file} cannot be read: {error.strerror}.") from error


def files_of_streamlit() -> list[Path]:
    """Return where Streamlit looks for its settings and secrets."""
    above = [Path("~").expanduser(), Path.cwd(), _ROOT]
    return [folder / ".streamlit" / name for folder in dict.fromkeys(above) for name in _OF_STREAMLIT]


def _our_files() -> list[Path]:
    return [Path(os.environ.get(variable) or _ROOT / default) for variable, default in _NAMED_BY.items()]


if __name__ == "__main__":
    try:
        check_files([*files_of_streamlit(), *_our_files()])
    except BrokenSettings as broken:
        sys.exit(str(broken))
