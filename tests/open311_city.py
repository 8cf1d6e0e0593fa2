"""A city that is read from an Open311 server: its mapping, a poll of it, and what the database holds of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from reportdb.feeds.delivery import Delivered, Delivery
from reportdb.feeds.rejects_log import RejectsLog
from reportdb.mapping.mapping_file import read_mapping
from reportdb.open311.client import Client, Limits
from reportdb.open311.polling import Polling
from tests.open311_server import GeoReport

MAPPING = """
extends = "open311"

[city]
code = "harbour"
name_vi = "Cảng"
name_en = "Harbour"
time_zone = "America/New_York"
country = "US"
subdivision = "MA"

[source]
name = "harbour"
code_prefix = "HB-"
"""
LIMITS = Limits(most_bytes=2_000_000, most_seconds=20, silence=1.0, pause=0)
OVERLAP, MINUTE = timedelta(minutes=10), timedelta(minutes=1)


def write_mapping(folder: Path, more: str = "") -> Path:
    """Write the city's mapping into a folder and return its path."""
    file = folder / "harbour.toml"
    file.write_text(MAPPING + more, encoding="utf-8")
    return file


@dataclass
class Harbour:
    """Polls a server for the city whose files lie in `folder`."""

    folder: Path
    server: GeoReport
    url: str
    form: str = "json"
    limits: Limits = LIMITS
    since: datetime | None = None

    def __post_init__(self) -> None:
        mapping = read_mapping(str(write_mapping(self.folder)))
        self.rejects = self.folder / "rejects.csv"
        self.client = Client(
            self.url, self.form, self.server.jurisdiction, "a-secret-key", self.limits, wait=lambda _seconds: None
        )
        self.polling = Polling(
            self.client,
            Delivery("open311 harbour", mapping, self.folder, RejectsLog(self.rejects)),
            MINUTE,
            OVERLAP,
            self.since,
        )

    def poll(self, connection: psycopg.Connection) -> Delivered:
        """Poll once."""
        return self.polling.poll(connection)


def held(connection: psycopg.Connection) -> dict[str, tuple[str, datetime]]:
    """Return what the database holds: status and time of submission by the source's id."""
    rows = connection.execute("select source_ref, status, submitted_at from report").fetchall()
    return {ref.partition(":")[2]: (status, submitted_at) for ref, status, submitted_at in rows}


def expected(server: GeoReport) -> dict[str, tuple[str, datetime]]:
    """Return what the database should hold."""
    return {identity: _meant(one) for identity, one in server.requests.items()}


def _meant(request: Mapping[str, Any]) -> tuple[str, datetime]:
    status = {"open": "waiting", "closed": "resolved"}[request["status"]]
    return status, datetime.fromisoformat(request["requested_datetime"]).astimezone(UTC)
