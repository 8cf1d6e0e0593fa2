"""The inputs of one run of a page: the database, the city, the viewer's filters. The frame makes it, pages read it."""

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
    """Ends a page before its last line. Raised by pages, caught by the frame."""


@dataclass(frozen=True)
class Run:
    """One run of one `page` for one viewer. `live`: the moment is now and follows the clock."""

    reports: ReportDatabase
    city: City
    filters: Filters
    live: bool
    query: dict[str, list[str]]
    page: str

    def shared(self, name: Hashable, make: Callable[[], _Made]) -> _Made:
        """Return a value that is made once for all viewers of the same address, moment and language.

        Do not modify it.
        """
        address = tuple(sorted((word, *values) for word, values in self.query.items()))
        return self.reports.remember(("shared", self.page, name, self.filters, address, language()), make)

    @property
    def rounded(self) -> bool:
        """Whether counts are published ones (queries.small_numbers), because the viewer may not read the cases.

        Lists of cases count the cases the viewer may read.
        """
        return not self.filters.exact and self.page not in (CASES, REPORT)

    @property
    def fewest_open(self) -> int:
        """The fewest open cases with which a unit's share is compared with others'."""
        return FEWEST if self.rounded else FEWEST_OPEN

    def local(self, value: datetime) -> datetime:
        """Return a moment in the city's time zone."""
        return value.astimezone(self.city.zone)


def begin(viewing: Run) -> None:
    """Make this the current run."""
    st.session_state["viewing"] = viewing
    round_counts(viewing.rounded)


def current_run() -> Run:
    """Return the current run."""
    kept: Run = st.session_state["viewing"]
    return kept
