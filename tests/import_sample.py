"""A small city's file and its mapping, for import tests: two districts side by side, times of New York."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from reportdb.importer import Counts, import_reports

HEADER = "id,opened,due,closed,how,what,who,lon,lat,place,late,note,status"
GOOD = '7,2024-03-01 09:00:00,2024-03-05 09:00:00,,app,Trees,Parks & Rec,-71.5,42.5,West,,"Fallen, on a path",open'
CLOSED = "8,2024-03-02 10:00:00,,2024-03-04 11:00:00,phone,Roads,Parks and Rec,-70.5,42.5,West,Y,Hole,closed"
IMPORTED = datetime(2024, 6, 1, tzinfo=UTC)
AGAIN = datetime(2024, 6, 2, tzinfo=UTC)

MAPPING = r"""
[city]
code = "sample"
name_vi = "Mẫu"
name_en = "Sample"
time_zone = "America/New_York"
country = "US"
subdivision = "MA"

[source]
name = "sample"
code_prefix = "S-"
nothing = ["n/a"]
most_rejected = 1            # tests of single bad rows

[columns]
id = "id"
channel = "how"
category = "what"
unit = "who"
status = "status"
title = ["note"]
lon = "lon"
lat = "lat"

[times]
submitted = { columns = ["opened"], format = "iso" }
due = { columns = ["due"], format = "iso" }
ended = { columns = ["closed"], format = "iso" }

[location]
nowhere = [{ lon = -71.25, lat = 42.25 }]
tolerance = 0.001

[statuses]
open = "waiting"
closed = "resolved"
cancelled = "refused"

[channels]
known = [
    { code = "app", vi = "Ứng dụng", en = "App", words = ["mobile"] },
    { code = "phone", vi = "Điện thoại", en = "Phone" },
]

[categories]
unlisted = "add"

[units]
unlisted = "add"
known = [{ code = "parks", vi = "Công viên", en = "Parks", words = ["Parks & Rec", "Parks and Rec"] }]

[published.late]
column = "late"
late = ["Y"]
in_time = ["N"]

[published.district]
column = "place"
nothing = ["?"]
pattern = '(\w+) side'
written = '\1'
compare = "district"
also = { Sunset = ["West"] }

[[boundaries]]
level = "district"
file = "districts.geojson"
code = "name"
name = "name"
"""


class SampleCity:
    """Writes the sample city's files into a folder and imports them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file, self.mapping, self.rejects = (folder / name for name in ("city.csv", "city.toml", "rejects.csv"))
        self.mapping.write_text(MAPPING, encoding="utf-8")
        squares = [("West", -72), ("East", -71)]
        features = [
            {"type": "Feature", "properties": {"name": name}, "geometry": _square(west)} for name, west in squares
        ]
        (folder / "districts.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))

    def remap(self, *changes: tuple[str, str]) -> None:
        """Write the mapping with parts of its text replaced."""
        text = MAPPING
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        self.mapping.write_text(text, encoding="utf-8")

    def load(self, connection: psycopg.Connection, *rows: str, at: datetime = IMPORTED, **how: Any) -> Counts:
        """Import rows under the usual header."""
        return self.load_bytes(connection, "\n".join((HEADER, *rows, "")).encode(), at=at, **how)

    def load_bytes(
        self, connection: psycopg.Connection, content: bytes, *, at: datetime = IMPORTED, **how: Any
    ) -> Counts:
        """Import a file with the given content."""
        self.file.write_bytes(content)
        files: dict[str, Any] = {"mapping": str(self.mapping), "rejects": self.rejects, "boundaries": self.folder}
        return import_reports(connection, self.file, at=at, **files | how)


def _square(west: float) -> dict[str, Any]:
    ring = [[west, 42], [west + 1, 42], [west + 1, 43], [west, 43], [west, 42]]
    return {"type": "Polygon", "coordinates": [ring]}
