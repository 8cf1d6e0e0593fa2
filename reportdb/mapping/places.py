"""Where a source writes a report's point and area, and the city's boundary files."""

import re
from collections.abc import Mapping as Words
from dataclasses import dataclass

from reportdb.areas import Level
from reportdb.mapping.table import Table


@dataclass(frozen=True)
class Location:
    """Where a point is written, and which points mean none."""

    lon: str
    lat: str
    nowhere: tuple[tuple[float, float], ...]  # points (longitude, latitude) that mean "not located"
    tolerance: float  # degrees around those points


@dataclass(frozen=True)
class PublishedArea:
    """The source's own district or ward: how its spellings are normalised, and which of our levels it belongs to."""

    column: str
    nothing: frozenset[str]
    pattern: re.Pattern[str] | None
    written: str
    compare: Level | None
    also: Words[str, tuple[str, ...]]  # the source's word -> names or codes of our areas that match it
    named_vi: str  # the pattern of a name if a word becomes an area: "Khu vực {}"
    named_en: str


@dataclass(frozen=True)
class Layer:
    """A boundary file of the city, loaded if the database has no boundaries of that level."""

    level: Level
    file: str
    code: str
    name: str
    named_vi: str
    named_en: str
    no_areas: tuple[str, ...]
    attribution: str | None


def read_location(columns: Table, location: Table) -> Location:
    """Read the columns of a point from `[columns]`, and `[location]`. Raises ImportFailure."""
    return Location(
        lon=columns.text("lon"),
        lat=columns.text("lat"),
        nowhere=tuple((point.number("lon"), point.number("lat")) for point in location.tables("nowhere")),
        tolerance=location.number("tolerance", 0.00001),
    )


def read_published_area(table: Table) -> PublishedArea:
    """Read `[published.district]` or `[published.ward]`. Raises ImportFailure."""
    pattern, written = table.optional("pattern"), table.text("written", r"\g<0>")
    try:
        compiled = re.compile(pattern) if pattern is not None else None
        if compiled:
            compiled.sub(written, "")
    except re.error as error:
        table.refuse("pattern", f"and its replacement do not fit: {error}")
    also = table.table("also")
    return PublishedArea(
        column=table.text("column"),
        nothing=frozenset(table.list("nothing")),
        pattern=compiled,
        written=written,
        compare=_level(table, "compare") if "compare" in table else None,
        also={word: also.list(word) for word in also},
        named_vi=table.text("named_vi", "{}"),
        named_en=table.text("named_en", "{}"),
    )


def read_layer(table: Table) -> Layer:
    """Read one of `[[boundaries]]`. Raises ImportFailure."""
    return Layer(
        level=_level(table, "level"),
        file=table.text("file"),
        code=table.text("code"),
        name=table.text("name"),
        named_vi=table.text("named_vi", "{}"),
        named_en=table.text("named_en", "{}"),
        no_areas=table.list("no_areas"),
        attribution=table.optional("attribution"),
    )


def _level(table: Table, key: str) -> Level:
    return "district" if table.choice(key, ("district", "ward")) == "district" else "ward"
