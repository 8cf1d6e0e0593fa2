"""What a question is about: a moment, a period, and what the viewer chose and may see."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self, cast
from zoneinfo import ZoneInfo

from queries.engine.scope import AGGREGATES_ONLY, FIGURES, Scope

BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
"""The finest step of the database's clock."""

Square = tuple[()] | tuple[int, int, int, int]
"""West, south, east and north in thousandths of a degree, the east and north sides not in it; or none."""

FIELDS = {
    "district": "districts",
    "ward": "wards",
    "unit": "units",
    "category": "categories",
    "channel": "channels",
}
"""The dimensions of which members can be chosen, and the field of Filters that holds those of each."""
SEVERITIES = ("urgent", "complex", "normal")
"""The severities of reports, the gravest first."""
NONE = -1
"""Chosen among districts, wards or units: the reports that have none. Among officers "" is that."""


@dataclass(frozen=True)
class Filters:
    """A moment `at`, the period from `start` up to, not including, `end`, and the ids chosen; none chosen is all.

    `zone` is the city's: its days begin in it. A period never reaches past its moment. Officers go by their names,
    as the reports stand now (the past keeps none); severities are some of SEVERITIES, as they stood at the moment.
    `square` lets through the reports with coordinates in it. `scope` says whose cases the viewer may read, and so which
    counts are exact (queries.small_numbers); left out, it counts everything and reads no case. `said` is the city's own
    word for a status or an area ("" for none) that the figures of
    queries.published.SAID count; no other figure reads it.
    """

    at: datetime
    start: datetime
    end: datetime
    zone: ZoneInfo
    districts: tuple[int, ...] = ()
    wards: tuple[int, ...] = ()
    units: tuple[int, ...] = ()
    categories: tuple[int, ...] = ()
    channels: tuple[int, ...] = ()
    severities: tuple[str, ...] = ()
    officers: tuple[str, ...] = ()
    square: Square = ()
    said: str | None = None
    scope: Scope = FIGURES

    @classmethod
    def of(
        cls,
        *,
        at: datetime,
        zone: ZoneInfo,
        start: datetime | None = None,
        end: datetime | None = None,
        **chosen: Any,
    ) -> Self:
        """Make filters for a moment; the period runs from the first report to the moment, itself included, or less.

        Moments must carry a time zone. Raises ValueError for one that does not, and for a period that ends before it
        starts.
        """
        start, end = start or BEGINNING, min(end or at + TICK, at + TICK)
        if None in (at.tzinfo, start.tzinfo, end.tzinfo):
            raise ValueError("a moment needs a time zone")
        if end < start:
            raise ValueError(f"the period ends ({end:%Y-%m-%d %H:%M}) before it starts ({start:%Y-%m-%d %H:%M})")
        return cls(at=at, start=start, end=end, zone=zone, **chosen)

    def choosing(self, **chosen: tuple[int, ...] | tuple[str, ...] | Scope) -> Self:
        """The same moment and period, with other choices: ids of districts, ..., severities, a square, a scope."""
        return replace(self, **cast(Any, chosen))

    def citywide(self) -> Self:
        """The same moment, period, categories, channels and severities, wherever and with whom the reports are."""
        return replace(self, districts=(), wards=(), units=(), officers=(), square=())

    def of_units(self) -> Self:
        """The same moment, period and units, of every category, channel and severity, wherever the reports are."""
        return replace(self, districts=(), wards=(), categories=(), channels=(), severities=(), officers=(), square=())

    def since(self, start: datetime) -> Self:
        """The same moment and choices, with the period from another start up to the moment, itself included."""
        return replace(self, start=start, end=self.at + TICK)

    def within(self, *, start: datetime | None = None, end: datetime | None = None) -> Self:
        """The same moment and choices, with no more of the period than from `start` up to, not including, `end`."""
        return replace(self, start=max(start or self.start, self.start), end=min(end or self.end, self.end))

    @property
    def exact(self) -> bool:
        """Whether the viewer may read every case that these filters count, and so is told exact numbers.

        Who counts by officers asks as himself, and so counts no case but those he may read.
        """
        within = bool(self.units) and set(self.units) <= set(self.scope.units)
        return self.scope.counts_all or self.scope.reads_all or within or bool(self.officers)

    def counting(self) -> Self:
        """The same moment, period and choices, alike for all who may have exact numbers: whose cases a viewer may read
        is left out. Whoever may not have them stays who he is.

        Who counts by officers asks as himself, too: their names belong to cases.
        """
        return replace(self, scope=AGGREGATES_ONLY) if self.exact and not self.officers else self

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of a question that counts, as queries/*.sql name them.

        Raises PermissionError where the viewer may not have exact counts: those pass through queries.small_numbers.
        """
        if not self.exact:
            raise PermissionError("these counts are published: ask through queries.small_numbers.counts")
        return self._parameters() | {"scope": self.counting().scope}

    def _parameters(self) -> dict[str, Any]:
        """Return what is chosen; an empty choice is null, which lets everything through."""
        chosen = {name: getattr(self, name) or None for name in ("districts", "wards", "units", "categories")}
        return {
            "at": self.at,
            "start": self.start,
            "end": self.end,
            **chosen,
            "channels": self.channels or None,
            "severities": self.severities or None,
            "officers": self.officers or None,
            "cells": self._cells() or None,
            "said": self.said,
        }

    def case_parameters(self) -> dict[str, Any]:
        """Return the parameters of a question that reads cases: asked within the viewer's scope."""
        return self._parameters() | {"scope": self.scope}

    def _cells(self) -> list[int]:
        """Return the cells of the square, as report.cell counts them."""
        if not self.square:
            return []
        west, south, east, north = self.square
        rows = range(south + 90_000, north + 90_000)
        return [row * 360_000 + column for row in rows for column in range(west + 180_000, east + 180_000)]
