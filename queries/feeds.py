"""Whether the channels deliver: each against its own rhythm."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from queries.database import ReportDatabase


@dataclass(frozen=True)
class Feed:
    """A channel that delivers reports: when it last did (None: never), and how often it should."""

    code: str
    name_vi: str
    name_en: str
    last_delivery_at: datetime | None
    expected_every: timedelta

    def overdue_by(self, now: datetime) -> float:
        """Return how many times its own rhythm has passed since it last delivered; infinity where it never did."""
        if self.last_delivery_at is None:
            return float("inf")
        return (now - self.last_delivery_at) / max(self.expected_every, timedelta(seconds=1))


def feeds(reports: ReportDatabase) -> tuple[Feed, ...]:
    """Return every channel's feed, in the order of the channels, as a look. Raises DatabaseAway, NotAReportDatabase."""
    return tuple(
        Feed(
            code=row["code"],
            name_vi=row["name_vi"],
            name_en=row["name_en"],
            last_delivery_at=None if pd.isna(row["last_delivery_at"]) else row["last_delivery_at"].to_pydatetime(),
            expected_every=timedelta(seconds=row["expected_seconds"]),
        )
        for row in reports.look("feeds").to_dict("records")
    )
