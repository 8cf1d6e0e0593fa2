"""Reads a mapping file (TOML) into a Mapping. docs/import.md describes its keys."""

import codecs
import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reportdb.areas import Level
from reportdb.source_file.failure import ImportFailure
from reportdb.source_file.mapping import (
    LEVELS,
    SEVERITIES,
    STATUSES,
    City,
    Layer,
    LevelName,
    Mapping,
    Moment,
    PublishedArea,
    Term,
    Vocabulary,
    WorkingHours,
)
from reportdb.source_file.table import Table
from reportdb.spelling import one_spelling

SHIPPED = Path(__file__).parent / "mappings"
_LANGUAGES = ("vi", "en")
_ALWAYS = "1900-01-01"
_ANY_MOMENT = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)


def read_mapping(name: str) -> Mapping:
    """Read a mapping file by path, or a shipped one by name. Raises ImportFailure."""
    shipped = {file.stem: file for file in SHIPPED.glob("*.toml")}
    try:
        table = Table.read(shipped.get(name, Path(name)), name)
    except OSError as error:
        raise ImportFailure(
            f"The mapping {name!r} cannot be read: {error.strerror}. "
            f"Name a TOML file, or one of ours: {', '.join(sorted(shipped))}."
        ) from error
    mapping = _mapping(table)
    table.refuse_the_rest()
    return mapping


def _mapping(table: Table) -> Mapping:
    source, columns, times = table.table("source"), table.table("columns"), table.table("times")
    location, published = table.table("location"), table.table("published")
    late = published.table("late")
    delimiter, encoding = source.text("delimiter", ","), source.text("encoding", "utf-8")
    if len(delimiter) != 1:
        source.refuse("delimiter", "must be one character")
    try:
        codecs.lookup(encoding)
    except LookupError:
        source.refuse("encoding", f"is no encoding known to Python: {encoding!r}")
    channel, channels = columns.optional("channel"), _vocabulary(table.table("channels"))
    if channel is None and channels.blank is None:
        columns.refuse("channel", "is missing; without that column, channels.blank is the channel of all reports")
    return Mapping(
        city=_city(table.table("city")),
        level_names=_level_names(table.table("levels")),
        working_hours=_working_hours(table.table("working_hours")) if "working_hours" in table else None,
        source=source.text("name"),
        code_prefix=source.text("code_prefix"),
        encoding=encoding,
        delimiter=delimiter,
        nothing=frozenset(("", *source.list("nothing"))),
        id=columns.text("id"),
        title=columns.list("title") or (columns.text("category"),),
        text=columns.list("text"),
        address=columns.list("address"),
        officer=columns.optional("officer"),
        lon=columns.text("lon"),
        lat=columns.text("lat"),
        nowhere=tuple((point.number("lon"), point.number("lat")) for point in location.tables("nowhere")),
        tolerance=location.number("tolerance", 0.00001),
        submitted=_moment(times.table("submitted")),
        received=_moment(times.table("received")) if "received" in times else None,
        due=_moment(times.table("due")) if "due" in times else None,
        ended=_moment(times.table("ended")),
        ignore_offset=times.choice("offset", ("keep", "ignore"), "keep") == "ignore",
        early_end_is_submission=times.choice("early_end", ("reject", "submission"), "reject") == "submission",
        status=columns.text("status"),
        statuses=_meanings(table.table("statuses"), STATUSES),
        severity=columns.optional("severity"),
        severities=_meanings(table.table("severities"), SEVERITIES),
        channel=channel,
        channels=channels,
        category=columns.text("category"),
        categories=_vocabulary(table.table("categories")),
        unit=columns.optional("unit"),
        units=_vocabulary(table.table("units")),
        late=late.text("column") if "late" in published else None,
        late_words={one_spelling(word): said == "late" for said in ("late", "in_time") for word in late.list(said)},
        district=_published_area(published.table("district")) if "district" in published else None,
        ward=_published_area(published.table("ward")) if "ward" in published else None,
        layers=tuple(_layer(layer) for layer in table.tables("boundaries")),
    )


def _city(table: Table) -> City:
    zone = table.text("time_zone")
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        table.refuse("time_zone", f"is not an IANA time zone known to this machine: {zone!r}")
    return City(
        code=table.text("code"),
        name_vi=table.text("name_vi"),
        name_en=table.text("name_en"),
        time_zone=zone,
        country=table.text("country"),
        subdivision=table.optional("subdivision"),
        attribution=table.optional("attribution"),
        languages=_languages(table),
        swapped_days=table.flag("swapped_days"),
    )


def _languages(table: Table) -> tuple[str, ...] | None:
    if "languages" not in table:
        return None
    named = table.list("languages")
    if not named or not set(named) <= set(_LANGUAGES) or len(set(named)) < len(named):
        table.refuse("languages", f"must be some of {', '.join(_LANGUAGES)}, the city's own first, not {list(named)!r}")
    return named


def _level_names(table: Table) -> tuple[LevelName, ...]:
    names = []
    for level in table:
        if level not in LEVELS:
            table.refuse(level, f"is not a level; levels are {', '.join(LEVELS)}")
        own = table.table(level)
        vi, en = own.text("vi"), own.text("en")
        names.append(LevelName(level, vi, own.text("vi_many", vi), en, own.text("en_many", f"{en}s")))
    return tuple(names)


def _working_hours(table: Table) -> WorkingHours:
    spans: list[tuple[time, time]] = []
    for words in table.list("hours") or table.refuse("hours", "is missing"):
        try:
            opens, closes = (time.fromisoformat(part.strip()) for part in words.split("-"))
        except ValueError:
            table.refuse("hours", f"must be spans such as 08:00-12:00, not {words!r}")
        if opens >= closes or opens.tzinfo or closes.tzinfo or (spans and opens < spans[-1][1]):
            table.refuse("hours", f"must follow each other within one day; {words!r} does not")
        spans.append((opens, closes))
    begins = table.text("valid_from", _ALWAYS)
    try:
        valid_from = date.fromisoformat(begins)
    except ValueError:
        table.refuse("valid_from", f"must be a day such as 2026-01-01, not {begins!r}")
    return WorkingHours(valid_from, tuple(spans), table.text("source"), bool(table.flag("confirmed")))


def _moment(table: Table) -> Moment:
    of_day = table.optional("of_day")
    try:
        moment = time.fromisoformat(of_day) if of_day is not None else None
    except ValueError:
        table.refuse("of_day", f"must be a time of day such as 23:59:59, not {of_day!r}")
    written = table.text("format")
    try:
        if written != "iso":
            datetime.strptime(_ANY_MOMENT.strftime(written), written)  # noqa: DTZ007 - only the format is tried
    except ValueError as error:
        table.refuse("format", f"must be iso or a format of strptime: {error}")
    return Moment(table.list("columns") or table.refuse("columns", "is missing"), written, moment)


def _meanings(table: Table, meanings: tuple[str, ...]) -> dict[str, str]:
    return {one_spelling(word): table.choice(word, meanings) for word in table}


def _vocabulary(table: Table) -> Vocabulary:
    terms: dict[str, Term] = {}
    known: dict[str, Term] = {}
    for entry in table.tables("known"):
        english = entry.text("en")
        term = Term(entry.text("code"), entry.text("vi", english), english)
        terms[term.code] = term
        for word in (term.code, *entry.list("words")):
            if known.setdefault(one_spelling(word), term) != term:
                entry.refuse("words", f"holds {word!r}, which already means {known[one_spelling(word)].code!r}")
    blank = table.optional("blank")
    if blank is not None and blank not in terms:
        table.refuse("blank", f"names no code of this table: {blank!r}")
    return Vocabulary(
        known=known,
        nothing=frozenset(one_spelling(word) for word in table.list("nothing")),
        blank=terms[blank] if blank is not None else None,
        add_unlisted=table.choice("unlisted", ("add", "reject"), "reject") == "add",
    )


def _published_area(table: Table) -> PublishedArea:
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


def _layer(table: Table) -> Layer:
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
