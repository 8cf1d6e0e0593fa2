"""How often a change is coloured although nothing changes: the demonstration city at constant rates."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from unittest.mock import patch

import numpy as np
import psycopg
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.figures.chance import count_differs, share_differs
from queries.figures.change import earlier
from queries.figures.figures import city as read_city
from queries.figures.figures import figures, names, with_sums
from queries.figures.overdue import overdue
from queries.figures.ranking import changed, ranked
from reportdb.demo import build_demo
from reportdb.demo_city import rhythm
from reportdb.demo_city.seed_data import facts

NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
SETTLED = datetime(2025, 11, 1, tzinfo=UTC)
"""From here on every compared moment is after the reform of July 2025, which changed the units."""
MOST = 0.10
"""The largest allowed share of coloured tiles if nothing changes."""
PERIODS = {"7d": 7, "30d": 30, "90d": 90}
COUNTED = ("open", "overdue", "receive_overdue")
SHARED = {
    "on_time_rate": ("done_by_due", "fell_due"),
    "received_on_time_rate": ("received_on_time", "receive_fell_due"),
    "satisfaction": ("satisfied", "rated"),
}
RANKING = "ranking"


@dataclass
class Found:
    """What was compared and how much of it was coloured, by figure and by kind of place."""

    compared: Counter[tuple[str, str]] = field(default_factory=Counter)
    coloured: Counter[tuple[str, str]] = field(default_factory=Counter)

    def note(self, figure: str, who: str, coloured: bool) -> None:
        """Count one tile."""
        self.compared[figure, who] += 1
        self.coloured[figure, who] += coloured

    def share(self, who: str | None = None, *, ranking: bool = False) -> float:
        """Return the coloured share of the tiles or of the ranking's rows: of all, or of one kind of place."""
        of = [key for key in self.compared if who in (None, key[1]) and (key[0] == RANKING) == ranking]
        return sum(self.coloured[key] for key in of) / max(1, sum(self.compared[key] for key in of))


@contextmanager
def steady() -> Iterator[None]:
    """Remove from the demonstration city what changes its rates: growth, seasons, storms, Tết. Weekdays are kept."""
    known = facts("city")
    even = known | {
        "season": {name: [1.0] * 12 for name in known["season"]},
        "tet": known["tet"] | {"days": []},
    }

    def of(name: str) -> dict[str, Any]:
        return even if name == "city" else facts(name)

    with (
        patch("reportdb.demo.growth", lambda at: np.ones(len(at))),
        patch("reportdb.demo.intake.facts", of),
        patch.object(rhythm, "facts", of),
        patch.object(rhythm, "storms", lambda _first, _last: []),
    ):
        yield


def build(connection: psycopg.Connection, *, reports: int, seed: int) -> None:
    """Fill an empty report database with the steady city."""
    with steady(), Progress(transient=True) as progress:
        build_demo(connection, reports=reports, seed=seed, now=NOW, progress=progress)


def measure(url: str, *, moments: int, seed: int) -> Found:
    """Evaluate the tiles at random moments: of the city, a random district and a random unit, for each period."""
    rng = np.random.default_rng(seed)
    found = Found()
    with closing(ReportDatabase(url)) as reports:
        city = read_city(reports, NOW)
        districts = names(reports, "district").index.to_numpy()
        known = names(reports, "unit")
        units = known.index[known["kind"] != "district"].to_numpy()
        for _moment in range(moments):
            at = SETTLED + (NOW - SETTLED) * rng.random()
            days = list(PERIODS.values())[rng.integers(len(PERIODS))]
            start = (at.astimezone(city.zone) - timedelta(days=days - 1)).replace(hour=0, minute=0, second=0)
            whole = Filters.of(at=at, zone=city.zone, start=start.replace(microsecond=0))
            looked_at = {
                "city": whole,
                "district": replace(whole, districts=(int(rng.choice(districts)),)),
                "unit": replace(whole, units=(int(rng.choice(units)),)),
            }
            for who, filters in looked_at.items():
                _tiles(reports, filters, city.first_submitted_at, who, found)
            _ranking(reports, whole, city.first_submitted_at, found)
    return found


def _tiles(reports: ReportDatabase, filters: Filters, begins: datetime | None, who: str, found: Found) -> None:
    then = earlier(filters, begins).counts(reports)
    now = with_sums(figures(reports, filters)).iloc[0]
    for figure in COUNTED:
        pair = int(now[figure]), then[figure]
        found.note(figure, who, bool(count_differs(*pair)))
    for figure, (part, whole) in SHARED.items():
        counts = int(now[part]), int(now[whole]), then[part], then[whole]
        found.note(figure, who, share_differs(*counts))


def _ranking(reports: ReportDatabase, filters: Filters, begins: datetime | None, found: Found) -> None:
    then = earlier(filters, begins).standing
    assert then is not None
    compare: tuple[Literal["district"], Literal["unit"]] = ("district", "unit")
    for by in compare:
        now, before = (ranked(overdue(reports, each, by=by)) for each in (filters, then))
        for row in changed(now, before).dropna(subset="change").to_dict("records"):
            found.note(RANKING, by, row["change"] != "unclear")


def report(console: Console, found: Found) -> None:
    """Print the coloured share of the tiles."""
    table = Table(show_edge=False)
    table.add_column("figure")
    for who in ("city", "district", "unit"):
        table.add_column(who, justify="right")
    for figure in (*COUNTED, *SHARED, RANKING):
        table.add_row(
            figure,
            *(
                f"{found.coloured[figure, who] / compared:.1%}" if (compared := found.compared[figure, who]) else "-"
                for who in ("city", "district", "unit")
            ),
        )
    table.add_row("all tiles", *(f"{found.share(who):.1%}" for who in ("city", "district", "unit")))
    console.print(table)
    console.print(
        f"{found.share():.1%} of the tiles and {found.share(ranking=True):.1%} of the ranking's rows are coloured; "
        f"the limit where nothing changes is {MOST:.0%}."
    )
