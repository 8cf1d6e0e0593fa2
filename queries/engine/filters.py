"""What a question covers: a moment, a period, and what the viewer chose and may see."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self, cast
from zoneinfo import ZoneInfo

from queries.engine.scope import AGGREGATES_ONLY, FIGURES, Scope

BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
"""The resolution of the database's timestamps."""

Square = tuple[()] | tuple[int, int, int, int]
"""West, south, east and north in thousandths of a degree, excluding the east and north sides; or empty."""

FIELDS = {
    "district": "districts",
    "ward": "wards",
    "unit": "units",
    "category": "categories",
    "channel": "channels",
}
"""The dimensions one can filter by, and the field of Filters that holds each one's ids."""
SEVERITIES = ("urgent", "complex", "normal")
"""The severities, the gravest first."""
NONE = -1
"""Stands for "none" among districts, wards and units: reports without one. Among officers "" does."""


@dataclass(frozen=True)
class Filters:
    """A moment `at`, the period from `start` up to, not including, `end`, and the chosen ids; an empty choice means
    all.

    `zone` is the city's: its days begin in it. A period never ends after its moment. Officers are names as the reports
    stand now (past ones are not kept); severities are some of SEVERITIES, as of the moment. `square` selects reports
    with coordinates in it. `scope` says whose cases the viewer may read, and so which counts are exact
    (queries.small_numbers); the default counts everything and reads no case. `said` is the city's own word for a status
    or an area ("" for none); only the figures of queries.published.SAID use it.
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
        """Make filters for a moment; the period defaults to everything from the first report to the moment inclusive.

        Moments must have a time zone. Raises ValueError for one without, and for a period that ends before it starts.
        """
        start, end = start or BEGINNING, min(end or at + TICK, at + TICK)
        if None in (at.tzinfo, start.tzinfo, end.tzinfo):
            raise ValueError("a moment needs a time zone")
        if end < start:
            raise ValueError(f"the period ends ({end:%Y-%m-%d %H:%M}) before it starts ({start:%Y-%m-%d %H:%M})")
        return cls(at=at, start=start, end=end, zone=zone, **chosen)

    def choosing(self, **chosen: tuple[int, ...] | tuple[str, ...] | Scope) -> Self:
        """Return the same moment and period with other choices: ids of districts, ..., severities, square, scope."""
        return replace(self, **cast(Any, chosen))

    def citywide(self) -> Self:
        """Return the same moment, period, categories, channels and severities, for the whole city and all units."""
        return replace(self, districts=(), wards=(), units=(), officers=(), square=())

    def of_units(self) -> Self:
        """Return the same moment, period and units, for every category, channel, severity and place."""
        return replace(self, districts=(), wards=(), categories=(), channels=(), severities=(), officers=(), square=())

    def since(self, start: datetime) -> Self:
        """Return the same moment and choices, with the period from another start up to the moment inclusive."""
        return replace(self, start=start, end=self.at + TICK)

    def within(self, *, start: datetime | None = None, end: datetime | None = None) -> Self:
        """Return the same moment and choices, with the period cut to `start` up to, not including, `end`."""
        return replace(self, start=max(start or self.start, self.start), end=min(end or self.end, self.end))

    @property
    def exact(self) -> bool:
        """Whether the viewer may read every case these filters count, and so gets exact numbers.

        A filter by officers is asked in the viewer's own scope, and so counts only cases they may read.
        """
        within = bool(self.units) and set(self.units) <= set(self.scope.units)
        return self.scope.counts_all or self.scope.reads_all or within or bool(self.officers)

    def counting(self) -> Self:
        """Return the same filters without the viewer's scope if the viewer may have exact numbers, so that all those
        share answers; otherwise with it.

        A filter by officers keeps the scope too: officers' names belong to cases.
        """
        return replace(self, scope=AGGREGATES_ONLY) if self.exact and not self.officers else self

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of a counting question, as queries/*.sql name them.

        Raises PermissionError if the viewer may not have exact counts: those go through queries.small_numbers.
        """
        if not self.exact:
            raise PermissionError("these counts are published: ask through queries.small_numbers.counts")
        return self._parameters() | {"scope": self.counting().scope}

    def _parameters(self) -> dict[str, Any]:
        """Return the choices; an empty one is null, which means all."""
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
        """Return the parameters of a question that reads cases, asked within the viewer's scope."""
        return self._parameters() | {"scope": self.scope}

    def _cells(self) -> list[int]:
        """Return the square in units of report.cell."""
        if not self.square:
            return []
        west, south, east, north = self.square
        rows = range(south + 90_000, north + 90_000)
        return [row * 360_000 + column for row in rows for column in range(west + 180_000, east + 180_000)]
