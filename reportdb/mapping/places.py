"""Where a source writes a report's point and area, and the city's boundary files."""

import re
from collections.abc import Mapping as Words
from dataclasses import dataclass

from reportdb.areas import Level
from reportdb.mapping.pattern import read_pattern, rewritten
from reportdb.mapping.projection import is_known
from reportdb.mapping.table import Table
from reportdb.mapping.words import MOST_WORDS
from reportdb.spelling import one_spelling

FORMS = ("lat, lon", "lon, lat", "wkt", "geojson")


@dataclass(frozen=True)
class Location:
    """Where a point is written and how, and which points mean none. Without columns no row has a point."""

    lon: str | None  # columns of longitude and latitude, or easting and northing
    lat: str | None
    nowhere: tuple[tuple[float, float], ...]  # points as the source writes them that mean "not located"
    tolerance: float  # around those points, in the source's unit
    column: str | None = None  # a column that holds the whole point
    form: str = "lat, lon"  # one of FORMS: how that column writes it
    epsg: int | None = None  # the code of the source's coordinate system; None: degrees in WGS 84
    decimal: str | None = None  # the sign before decimals, "." or ","; None: either

    def columns(self) -> tuple[str, ...]:
        """Return the columns that hold the point."""
        return tuple(column for column in (self.lon, self.lat, self.column) if column is not None)


@dataclass(frozen=True)
class PublishedArea:
    """The source's own district or ward: how its spellings are normalised, and which of our levels it belongs to."""

    column: str
    nothing: frozenset[str]
    pattern: re.Pattern[str] | None
    written: str
    compare: Level | None
    also: Words[str, tuple[str, ...]]  # the source's word, in one spelling -> names or codes of our areas that match it
    named_vi: str  # the pattern of a name if a word becomes an area: "Khu vực {}"
    named_en: str
    most_words: int = MOST_WORDS  # different words; a column with more holds no areas

    def meaning(self, words: str | None) -> str | None:
        """Return the source's word in the mapping's spelling, or None if it names no area."""
        if words is None or (self.nothing and one_spelling(words) in self.nothing):
            return None
        return rewritten(words, self.pattern, self.written)

    def spellings(self, word: str) -> list[str]:
        """Return in one spelling what a word may be called among our areas: itself first, then what agrees with it."""
        own = one_spelling(word)
        return [own, *(one_spelling(name) for name in self.also.get(own, ()))]


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
    lon, lat, column = columns.optional("lon"), columns.optional("lat"), location.optional("column")
    if (lon is None) != (lat is None):
        columns.refuse("lon" if lon is None else "lat", "is missing beside the other; name both, or neither")
    if column is not None and lon is not None:
        location.refuse("column", "holds the whole point; columns.lon and columns.lat cannot be there too")
    form = location.choice("form", FORMS, FORMS[0])
    if lon is not None and lon == lat:
        lon, lat, column = None, None, lon
    elif column is not None and "form" not in location:
        location.refuse("form", f"is missing: how the column writes a point, one of {'; '.join(FORMS)}")
    elif column is None and "form" in location:
        location.refuse("form", "is for a whole point in one column; location.column names it")
    epsg = location.whole_number("epsg") if "epsg" in location else None
    if epsg is not None and not is_known(epsg):
        location.refuse("epsg", f"is no code of a coordinate system that leads to degrees: {epsg}")
    return Location(
        lon=lon,
        lat=lat,
        nowhere=tuple((point.number("lon"), point.number("lat")) for point in location.tables("nowhere")),
        tolerance=location.number("tolerance", 0.00001),
        column=column,
        form=form,
        epsg=epsg,
        decimal=location.choice("decimal", (".", ",")) if "decimal" in location else None,
    )


def read_published_area(table: Table) -> PublishedArea:
    """Read `[published.district]` or `[published.ward]`. Raises ImportFailure."""
    pattern, written = read_pattern(table)
    also = table.table("also")
    return PublishedArea(
        column=table.text("column"),
        nothing=frozenset(one_spelling(word) for word in table.list("nothing")),
        pattern=pattern,
        written=written,
        compare=_level(table, "compare") if "compare" in table else None,
        also={one_spelling(word): also.list(word) for word in also},
        named_vi=table.text("named_vi", "{}"),
        named_en=table.text("named_en", "{}"),
        most_words=table.whole_number("most_words", MOST_WORDS),
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
