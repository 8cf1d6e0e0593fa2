"""Whether the channels deliver, each compared with its own rhythm."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from queries.engine.database import ReportDatabase

CLOCKS_MAY_DIFFER = timedelta(minutes=5)
"""A later time than now by at most this is not from the future: two clocks may differ."""


@dataclass(frozen=True)
class Feed:
    """A channel's deliveries: when the last one was (None: never), and how often there should be one."""

    code: str
    name_vi: str
    name_en: str
    last_delivery_at: datetime | None
    expected_every: timedelta

    def is_from_the_future(self, now: datetime) -> bool:
        """Whether its last delivery is dated in the future, so that the true time is unknown."""
        return self.last_delivery_at is not None and self.last_delivery_at > now + CLOCKS_MAY_DIFFER

    def overdue_by(self, now: datetime) -> float:
        """Return how many times its rhythm has passed since its last delivery; infinity if there was none, or if it is
        dated in the future.
        """
        if self.last_delivery_at is None or self.is_from_the_future(now):
            return float("inf")
        return (now - self.last_delivery_at) / max(self.expected_every, timedelta(seconds=1))


def feeds(reports: ReportDatabase) -> tuple[Feed, ...]:
    """Return every channel's feed in channel order, as a poll. Raises DatabaseAway, NotAReportDatabase."""
    return tuple(
        Feed(
            code=row["code"],
            name_vi=row["name_vi"],
            name_en=row["name_en"],
            last_delivery_at=None if pd.isna(row["last_delivery_at"]) else row["last_delivery_at"].to_pydatetime(),
            expected_every=timedelta(seconds=row["expected_seconds"]),
        )
        for row in reports.poll("feeds").to_dict("records")
    )
