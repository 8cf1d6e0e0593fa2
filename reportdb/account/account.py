"""What happened to a file's rows, in numbers and in plain sentences."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from reportdb.mapping.failure import ImportFailure


@dataclass(frozen=True)
class Account:
    """The details of an import. Counts are of rows where a name says so, else of the reports that the file tells of."""

    rejects: Mapping[str, int] = field(default_factory=dict)  # rows by reason
    notes: Mapping[str, int] = field(default_factory=dict)  # values by reason
    rejects_file: Path | None = None
    notes_file: Path | None = None
    older_versions: int = 0  # rows: the file itself holds a newer one of the same report
    older_than_known: int = 0  # rows: an earlier import knew a newer one
    known_from: datetime | None = None  # when the newest known row of those reports had changed
    places: Mapping[str, int] = field(default_factory=dict)  # "located", "no point", "nowhere", "not degrees"
    in_no_area: int = 0  # located, and in none of the city's areas
    has_boundaries: bool = True  # without any, no point lies in an area
    statuses: Mapping[str, int] = field(default_factory=dict)
    submitted: tuple[datetime, datetime] | None = None  # the first and the last, by the city's clock
    closed: tuple[datetime, datetime] | None = None  # likewise, of those whose closing time is known
    exchanged: tuple[int, int] = (0, 0)  # of the points in no area, how many the city would hold, lon and lat exchanged
    future: int = 0  # submitted, received or closed later than the import
    before_2000: int = 0  # any time before the year 2000
    time_unknown: int = 0  # closed, and nobody knows when
    changes: Mapping[str, int] = field(default_factory=dict)  # reports by what changed, in words
    closed_as_missing: int = 0  # reports that a snapshot does not hold any more
    closed_at_unknown_time: int = 0  # of those
    snapshot_at: datetime | None = None
    made_stale: int = 0  # known reports whose newer row was rejected
    stale: int = 0  # reports of this source that are stale now
    dry_run: bool = False


@dataclass(frozen=True)
class Counts:
    """What happened to a file's rows. Raises ImportFailure if the numbers do not add up."""

    read: int
    new: int
    updated: int
    unchanged: int
    rejected: int
    not_located: int  # of the reports imported: neither a district nor a ward was found
    district_disagrees: int  # of the reports imported: the source names another district or ward than the coordinates
    by_source: int = 0  # of the reports imported: an area comes from the source's name, because no point gave it
    older: int = 0  # rows that were left out because a newer row of the same report is known
    repeated: int = 0  # rows that are the same, letter for letter, as an earlier one
    account: Account = field(default_factory=Account, compare=False)

    def __post_init__(self) -> None:
        if self.read != self.new + self.updated + self.unchanged + self.older + self.repeated + self.rejected:
            raise ImportFailure(f"The rows do not add up, so nothing was imported: {self._equation()}. Tell us.")

    @property
    def taken(self) -> int:
        """The number of reports that the import took from the rows."""
        return self.new + self.updated + self.unchanged

    def sentence(self) -> str:
        """Return a summary of the import in words."""
        return (
            f"{self._equation()}. Of the {self.taken:,} reports {self.not_located:,} are in no known area, and of "
            f"{self.district_disagrees:,} the source names another area than their coordinates. "
            f"{self.by_source:,} have an area only by the source's name."
        )

    def lines(self) -> list[str]:
        """Return the whole account in words, a line each: what happened, why, and where to look."""
        return [self.sentence(), *self._rows(), *self._reports()]

    def _rows(self) -> Iterator[str]:
        told = self.account
        if self.repeated:
            yield f"{_rows(self.repeated)} the same as an earlier row, letter for letter, and changed nothing."
        if told.older_versions:
            yield f"{_rows(told.older_versions)} left out, because the file holds a newer one of the same report."
        if told.older_than_known:
            known = f" ({told.known_from.astimezone(UTC):%Y-%m-%d %H:%M} UTC)" if told.known_from else ""
            yield f"{_rows(told.older_than_known)} older than what is known{known} and changed nothing."
        yield from _by_reason(f"{self.rejected:,} rejected", told.rejects, told.rejects_file)
        yield from _by_reason(f"{sum(told.notes.values()):,} values unknown", told.notes, told.notes_file)
        if told.made_stale:
            yield (
                f"{_reports(told.made_stale, 'is', 'are')} perhaps out of date, because a newer row was rejected. The "
                "case page says so until a good row comes."
            )
        if told.stale > told.made_stale:
            yield f"{_reports(told.stale, 'is', 'are')} perhaps out of date, counting those of earlier imports."

    def _reports(self) -> Iterator[str]:
        told = self.account
        if told.places:
            places = ", ".join(
                f"{count:,} {_PLACES.get(place, place)}" for place, count in told.places.items() if count
            )
            areas = (
                f"{told.in_no_area:,} of the located lie in no area of the city."
                if told.has_boundaries
                else "No boundaries are loaded, so areas come from the source's names alone."
            )
            yield f"Places: {places}. {areas}"
        if told.statuses:
            yield f"Statuses: {', '.join(f'{count:,} {status}' for status, count in told.statuses.items())}."
        clock = (("Submitted", told.submitted), ("closed", told.closed))
        spans = [f"{did} {_span(*span)}" for did, span in clock if span]
        if spans:
            yield f"{', '.join(spans)}, by the city's clock."
        if told.exchanged[0]:
            inside, looked_at = told.exchanged
            yield (
                f"Warning: with longitude and latitude exchanged {inside:,} of {looked_at:,} points in no area would "
                "lie in the city. Are columns.lon and columns.lat of the mapping exchanged?"
            )
        if told.future:
            yield f"Warning: {_reports(told.future)} a time in the future."
        if told.before_2000:
            yield f"Warning: {_reports(told.before_2000)} a time before the year 2000."
        if told.time_unknown:
            yield (
                f"{_reports(told.time_unknown)} no known closing time. Such reports are in no handling time and in no "
                "on-time rate."
            )
        if self.updated:
            ways = ", ".join(f"{count:,} {words}" for words, count in told.changes.items() if count)
            yield f"The {self.updated:,} updated, each counted once for every change: {ways}."
        if told.snapshot_at:
            unknown = f", {told.closed_at_unknown_time:,} of them at an unknown time" * bool(
                told.closed_at_unknown_time
            )
            many = told.closed_as_missing != 1
            yield (
                f"{told.closed_as_missing:,} open report{'s were' if many else ' was'} closed, because "
                f"{'they are' if many else 'it is'} missing from the snapshot of "
                f"{told.snapshot_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC{unknown}."
            )
        if told.dry_run:
            yield "This was a dry run: nothing was changed."

    def _equation(self) -> str:
        return (
            f"{self.read:,} rows read = {self.new:,} new + {self.updated:,} updated + {self.unchanged:,} unchanged "
            + (f"+ {self.older:,} older " if self.older else "")
            + (f"+ {self.repeated:,} repeated " if self.repeated else "")
            + f"+ {self.rejected:,} rejected"
        )


_PLACES = {
    "located": "located",
    "no point": "without a point",
    "nowhere": "at a point that means none",
    "not degrees": "with coordinates that are not degrees",
}


def _span(first: datetime, last: datetime) -> str:
    return f"from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}"


def _rows(count: int) -> str:
    return "1 row is" if count == 1 else f"{count:,} rows are"


def _reports(count: int, one: str = "has", more: str = "have") -> str:
    return f"1 report {one}" if count == 1 else f"{count:,} reports {more}"


def _by_reason(total: str, reasons: Mapping[str, int], file: Path | None) -> Iterator[str]:
    if reasons:
        ordered = Counter(reasons).most_common()
        where = f" They are listed in {file}." if file else ""
        yield f"{total}: {', '.join(f'{count:,} {reason}' for reason, count in ordered)}.{where}"
