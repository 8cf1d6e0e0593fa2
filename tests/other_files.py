"""A city's files besides its reports, written by hand and imported: the sample city of tests/import_sample.py."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from reportdb.check import find_damage
from reportdb.data_file.account import Account
from reportdb.data_file.importing import Kind, import_data
from tests.import_sample import IMPORTED

EVENTS = """
[source]
name = "sample"

[columns]
id = "case"
kind = "what"
from = "from"
to = "to"
note = ["note"]
minutes = "minutes"
category = "category"
rating = "rating"

[times]
at = { columns = ["at"], format = "iso" }
due = { columns = ["due"], format = "iso" }

[kinds]
Passed = "transferred"
Sent = "routed"
Taken = "received"
Up = "escalated"
Back = "returned"
More = "extended"
Again = "reopened"
Other = "recategorised"
Told = "informed"
Answer = "answered"
Waits = "paused"
Goes = "resumed"
Done = "resolved"
No = "refused"
Rated = "rated"
Seen = "none"

[units]
unlisted = "add"
known = [{ code = "parks", vi = "Công viên", en = "Parks", words = ["Parks & Rec"] }]

[ratings]
good = "satisfied"
fair = "acceptable"
bad = "not_satisfied"
"""
EVENT_HEADER = "case,what,at,from,to,due,minutes,category,rating,note"


class OtherFiles:
    """Writes a file and its mapping into a folder and imports them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.rejects = folder, folder / "rejects-other.csv"

    def load(
        self,
        connection: psycopg.Connection,
        kind: Any,
        mapping: str,
        *lines: str,
        at: datetime = IMPORTED,
        dry_run: bool = False,
    ) -> Account:
        """Import lines, the first of them the header, through a mapping."""
        place = self.folder / "other.toml"
        place.write_text(mapping, encoding="utf-8")
        file = self.folder / "other.csv"
        file.write_text("\n".join((*lines, "")), encoding="utf-8")
        made: Kind = kind(str(place))
        return import_data(connection, file, made, rejects=self.rejects, at=at, dry_run=dry_run)

    def rejected(self) -> list[list[str]]:
        """Return the rejects: line, reason, row."""
        with self.rejects.open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))[1:]


def event(case: int, what: str, at: str, **facts: str) -> str:
    """Return a line of an events file; `from_` is the column from."""
    values = {name.rstrip("_"): words for name, words in facts.items()}
    row = {"case": str(case), "what": what, "at": at} | values
    return ",".join(row.get(column, "") for column in EVENT_HEADER.split(","))


def rows(connection: psycopg.Connection, question: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    return connection.execute(question.encode()).fetchall()


def moment(words: str) -> datetime:
    """Return a time in UTC, as 2024-03-01 14:00."""
    return datetime.fromisoformat(words).replace(tzinfo=UTC)


def damage(connection: psycopg.Connection, now: datetime = IMPORTED) -> list[str]:
    """Return what `check` finds, but for what the sample city lacks on purpose: days to come."""
    return [str(found) for found in find_damage(connection, now) if "working_day" not in str(found)]
