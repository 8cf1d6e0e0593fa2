"""Small files in the manner of real cities' exports (tests/import_cases/), imported with their own mappings."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from reportdb.importer import Counts, import_reports

CASES = Path(__file__).parent / "import_cases"
IMPORTED = datetime(2024, 4, 20, tzinfo=UTC)


class Case:
    """One case in a folder of its own, so that its mapping and its rows may be changed."""

    def __init__(self, number: str, folder: Path) -> None:
        (self.own,) = CASES.glob(f"{number}-*")
        self.folder = folder
        self.mapping = folder / "mapping.toml"
        self.mapping.write_text((self.own / "mapping.toml").read_text(encoding="utf-8"), encoding="utf-8")
        self.rejects, self.notes = folder / "rejects-input.csv", folder / "notes-input.csv"

    def remap(self, before: str, after: str) -> None:
        """Replace a part of the mapping's text."""
        text = self.mapping.read_text(encoding="utf-8")
        assert before in text
        self.mapping.write_text(text.replace(before, after), encoding="utf-8")

    def load(self, connection: psycopg.Connection, file: str = "input.csv", **how: Any) -> Counts:
        """Import the case's file."""
        return self.load_bytes(connection, (self.own / file).read_bytes(), **how)

    def load_text(self, connection: psycopg.Connection, *lines: str, **how: Any) -> Counts:
        """Import lines, the header first."""
        return self.load_bytes(connection, "\n".join((*lines, "")).encode(), **how)

    def load_bytes(self, connection: psycopg.Connection, content: bytes, **how: Any) -> Counts:
        """Import a file with the given content."""
        file = self.folder / "input.csv"
        file.write_bytes(content)
        usual: dict[str, Any] = {
            "mapping": str(self.mapping),
            "rejects": self.rejects,
            "boundaries": self.folder,
            "at": IMPORTED,
        }
        return import_reports(connection, file, **usual | how)

    def rectangle(self, file: str, west: float, south: float, east: float, north: float, **properties: Any) -> None:
        """Write a boundary file that holds one rectangle, in degrees."""
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        feature = {
            "type": "Feature",
            "properties": properties,
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        content = {"type": "FeatureCollection", "features": [feature]}
        (self.folder / file).write_text(json.dumps(content), encoding="utf-8")
