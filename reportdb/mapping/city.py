"""The city itself: its name, time zone, words for its levels and office hours."""

from dataclasses import dataclass
from datetime import date, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reportdb.mapping.table import Table

LEVELS = ("district", "ward", "district_unit", "commune_unit")
_LANGUAGES = ("vi", "en")
_ALWAYS = "1900-01-01"


@dataclass(frozen=True)
class City:
    """The city for the only row of `city`. None: the country's default."""

    code: str
    name_vi: str
    name_en: str
    time_zone: str
    country: str
    subdivision: str | None
    attribution: str | None
    languages: tuple[str, ...] | None  # the languages viewers may choose, its own first
    swapped_days: bool | None  # whether notices swap working days, so that one is needed each year


@dataclass(frozen=True)
class LevelName:
    """The city's name for a level of areas, or for the units responsible for one; in lower case."""

    level: str
    one_vi: str
    many_vi: str
    one_en: str
    many_en: str


@dataclass(frozen=True)
class WorkingHours:
    """The office hours on a working day, from a day on, and their source."""

    valid_from: date
    spans: tuple[tuple[time, time], ...]  # opens, closes; in order, without overlap
    source: str
    confirmed: bool


def read_city(table: Table) -> City:
    """Read `[city]`. Raises ImportFailure."""
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


def read_level_names(table: Table) -> tuple[LevelName, ...]:
    """Read `[levels]`. Raises ImportFailure."""
    names = []
    for level in table:
        if level not in LEVELS:
            table.refuse(level, f"is not a level; levels are {', '.join(LEVELS)}")
        own = table.table(level)
        vi, en = own.text("vi"), own.text("en")
        names.append(LevelName(level, vi, own.text("vi_many", vi), en, own.text("en_many", f"{en}s")))
    return tuple(names)


def read_working_hours(table: Table) -> WorkingHours:
    """Read `[working_hours]`. Raises ImportFailure."""
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
