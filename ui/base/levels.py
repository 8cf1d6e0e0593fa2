"""The names of area levels and unit levels: the city's own, else generic ones."""

from typing import Literal

from queries.engine.database import ReportDatabase
from queries.figures.figures import City, Dimension, names
from safe_text import one_line
from ui.base.i18n import _, language

Level = Literal["district", "ward", "district_unit", "commune_unit"]
AREAS: tuple[Dimension, ...] = ("district", "ward")


def one(city: City, level: str) -> str:
    """Return the name of one area or unit of a level as a heading: Council district. Raises KeyError."""
    return _heading(within(city, level, many=False))


def many(city: City, level: str) -> str:
    """Return the plural name of a level as a heading: Council districts. Raises KeyError."""
    return _heading(within(city, level))


def within(city: City, level: str, *, many: bool = True) -> str:
    """Return the name of a level for use inside a sentence: council districts. Raises KeyError."""
    if own := city.levels.get(level):
        return one_line(own[f"{'many' if many else 'one'}_{language()}"])
    said = {
        "district": (_("district"), _("districts")),
        "ward": (_("ward"), _("wards")),
        "district_unit": (_("district committee"), _("district committees")),
        "commune_unit": (_("commune or ward"), _("communes and wards")),
    }
    return said[level][many]


def present(reports: ReportDatabase) -> tuple[Dimension, ...]:
    """Return the levels at which the city has areas, larger ones first. Raises DatabaseAway."""
    return tuple(level for level in AREAS if not names(reports, level).empty)


def default(reports: ReportDatabase, wanted: Dimension = "district") -> Dimension:
    """Return the wanted level if the city has areas of it, else the one it has. Raises DatabaseAway."""
    found = present(reports)
    return wanted if wanted in found or not found else found[0]


def _heading(words: str) -> str:
    return words[:1].upper() + words[1:]
