"""What the watcher saw at its last poll."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from queries.engine.database import DatabaseAway, NotAReportDatabase
from queries.figures.figures import City, NoCity
from queries.health.feeds import Feed
from ui.base.thresholds import Level, thresholds

_LIVE_WITHIN = timedelta(days=60)


@dataclass(frozen=True)
class Pulse:
    """What the watcher saw: the moment to speak of, the newest change, the city; and what fails, since when.

    `looked_at` is its last poll, `answered_at` the last one that was answered, `verified_at` the last one at which
    nothing had changed since the moment; `back_at` is when the database last came back from an outage.
    `is_copy` tells that the database is a copy (a standby), `known_to` up to when it knew everything at the last
    answered look: a primary until now, a copy until its newest beat. None: a copy that cannot tell.
    """

    at: datetime
    changed_at: datetime | None = None
    city: City | None = None
    feeds: tuple[Feed, ...] = ()
    looked_at: datetime | None = None
    answered_at: datetime | None = None
    verified_at: datetime | None = None
    is_copy: bool = False
    known_to: datetime | None = None
    back_at: datetime | None = None
    trouble: DatabaseAway | NotAReportDatabase | NoCity | None = None
    trouble_since: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether reports still come in, judged by those that have come: another city's old data stand still."""
        return is_live(self.city, self.at)

    @property
    def default(self) -> datetime:
        """The moment a page speaks of where its address names none: of a still city its last event."""
        last = (self.city.last_event_at or self.city.last_submitted_at) if self.city else None
        return self.at if self.live or last is None else last

    @property
    def behind(self) -> timedelta | None:
        """How far a copy was behind its primary when it last answered; None for a primary, or where it cannot tell."""
        if not self.is_copy or self.known_to is None or self.answered_at is None:
            return None
        return max(self.answered_at - self.known_to, timedelta())

    @property
    def copy_level(self) -> Level:
        """How bad that is, of the limits in thresholds.toml: a copy that cannot tell its age is amber."""
        if not self.is_copy:
            return "green"
        return "amber" if self.behind is None else thresholds().copy.level(self.behind.total_seconds())

    @property
    def answers(self) -> Level:
        """How old the database's last answer was when it was last looked for, of the limits in thresholds.toml."""
        if self.trouble is None or self.looked_at is None:
            return "green"
        silent = (self.looked_at - (self.answered_at or self.trouble_since or self.looked_at)).total_seconds()
        return "red" if thresholds().answer.level(silent) == "red" else "amber"

    @property
    def late_feeds(self) -> tuple[tuple[Feed, Level], ...]:
        """The channels that have not delivered for too long, and how bad that is; none of a city that is not live."""
        if not self.live or self.answered_at is None:
            return ()
        now = self.known_to or self.answered_at  # a copy that is behind knows of no later delivery
        levels = ((feed, thresholds().feed.level(feed.overdue_by(now))) for feed in self.feeds)
        return tuple((feed, level) for feed, level in levels if level != "green")

    @property
    def seen(self) -> tuple[object, ...]:
        """All of this that a page shows: where it differs, the page is drawn again."""
        late = tuple((feed.code, level) for feed, level in self.late_feeds)
        return self.at, getattr(self.trouble, "kind", type(self.trouble)), self.answers, late, self.copy_level


def is_live(city: City | None, at: datetime) -> bool:
    return city is not None and city.last_submitted_at is not None and at - city.last_submitted_at < _LIVE_WITHIN
