"""What a page is drawn from: the database, the city, the viewer's filters. The frame makes it, the pages ask for it."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import streamlit as st

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.figures.figures import City
from queries.figures.ranking import FEWEST_OPEN
from queries.privacy.small_numbers import FEWEST
from ui.base.i18n import language, round_counts
from ui.base.page_paths import CASES, REPORT

_Made = TypeVar("_Made")


class Complete(Exception):
    """A page has said all there is to say before its last line. Raised by pages, caught by the frame."""


@dataclass(frozen=True)
class Run:
    """One run of one `page` for one viewer. `live` says that the moment is now and moves on."""

    reports: ReportDatabase
    city: City
    filters: Filters
    live: bool
    query: dict[str, list[str]]
    page: str

    def shared(self, name: Hashable, make: Callable[[], _Made]) -> _Made:
        """Return what every viewer of the same address, moment and language sees, made once for all.

        It must not be changed.
        """
        address = tuple(sorted((word, *values) for word, values in self.query.items()))
        return self.reports.remember(("shared", self.page, name, self.filters, address, language()), make)

    @property
    def rounded(self) -> bool:
        """Whether the counts are published ones (queries.small_numbers), because the viewer may not read the cases.

        Lists of cases count what the viewer may read.
        """
        return not self.filters.exact and self.page not in (CASES, REPORT)

    @property
    def fewest_open(self) -> int:
        """With fewer open cases a unit's share is not compared with others'."""
        return FEWEST if self.rounded else FEWEST_OPEN

    def local(self, value: datetime) -> datetime:
        """Return a moment in the city's own time."""
        return value.astimezone(self.city.zone)


def begin(viewing: Run) -> None:
    """Keep what this run is drawn from."""
    st.session_state["viewing"] = viewing
    round_counts(viewing.rounded)


def current_run() -> Run:
    """Return what this run is drawn from."""
    kept: Run = st.session_state["viewing"]
    return kept
