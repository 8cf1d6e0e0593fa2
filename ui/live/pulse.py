"""The result of the watcher's last poll."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from queries.engine.database import DatabaseAway, NotAReportDatabase
from queries.figures.figures import City, NoCity
from queries.health.feeds import Feed
from ui.base.thresholds import Level, thresholds

_LIVE_WITHIN = timedelta(days=60)


@dataclass(frozen=True)
class Pulse:
    """The result of a poll: the moment pages show, the newest change, the city; and what fails, since when.

    `looked_at` is the last poll, `answered_at` the last successful one, `verified_at` the last one at which nothing had
    changed since the moment; `back_at` is when the database last came back from an outage. `is_copy`: the database is a
    standby. `known_to`: up to when its data were complete at the last successful poll: a primary's until then, a
    standby's until its newest heartbeat row; None if a standby cannot tell.
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
        """Whether reports still come in, judged by the newest one: an old data set is not live."""
        return is_live(self.city, self.at)

    @property
    def default(self) -> datetime:
        """The moment of a page whose address names none: for a city that is not live, its last event."""
        last = (self.city.last_event_at or self.city.last_submitted_at) if self.city else None
        return self.at if self.live or last is None else last

    @property
    def behind(self) -> timedelta | None:
        """How far a standby was behind at its last answer; None for a primary, or if it cannot tell."""
        if not self.is_copy or self.known_to is None or self.answered_at is None:
            return None
        return max(self.answered_at - self.known_to, timedelta())

    @property
    def copy_level(self) -> Level:
        """The level of that delay by thresholds.toml; a standby that cannot tell its delay is amber."""
        if not self.is_copy:
            return "green"
        return "amber" if self.behind is None else thresholds().copy.level(self.behind.total_seconds())

    @property
    def answers(self) -> Level:
        """The level of the age of the database's last answer, at the last poll, by thresholds.toml."""
        if self.trouble is None or self.looked_at is None:
            return "green"
        silent = (self.looked_at - (self.answered_at or self.trouble_since or self.looked_at)).total_seconds()
        return "red" if thresholds().answer.level(silent) == "red" else "amber"

    @property
    def late_feeds(self) -> tuple[tuple[Feed, Level], ...]:
        """The channels that are late, with their levels; none if the city is not live."""
        if not self.live or self.answered_at is None:
            return ()
        now = self.known_to or self.answered_at  # a standby that is behind cannot know of later deliveries
        levels = ((feed, thresholds().feed.level(feed.overdue_by(now))) for feed in self.feeds)
        return tuple((feed, level) for feed, level in levels if level != "green")

    @property
    def seen(self) -> tuple[object, ...]:
        """The parts a page shows: if they differ, the page is drawn again."""
        late = tuple((feed.code, level) for feed, level in self.late_feeds)
        return self.at, getattr(self.trouble, "kind", type(self.trouble)), self.answers, late, self.copy_level


def is_live(city: City | None, at: datetime) -> bool:
    """Whether the city's newest report came in shortly before `at`."""
    return city is not None and city.last_submitted_at is not None and at - city.last_submitted_at < _LIVE_WITHIN
