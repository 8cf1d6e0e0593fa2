"""Where in the world a city lies: its time zone and country, from the middle of its points and its language."""

import math
import re
from collections import Counter
from importlib import resources
from statistics import median

from reportdb.suggest.roles import holds_points
from reportdb.suggest.sample import Sample
from reportdb.suggest.toml_lines import shown

_LINE = re.compile(r"^([A-Z]{2})\t([+-]\d+)([+-]\d+)\t(\S+)", re.MULTILINE)
_NEAR = 0.6  # degrees; zones of a part of a state ("America/Indiana/Knox") count only so near
_VIETNAMESE = frozenset("ăâđêôơưĂÂĐÊÔƠƯạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ")
_PROJECTED = re.compile(r"x_?coord.*|y_?coord.*|x|y|easting|northing|(state_?plane|vn2000)_?[xy]", re.IGNORECASE)
_OFTEN = 0.01  # of all points; one as frequent as this is a default point, not a place
_FEWEST = 20


def is_vietnamese(text: str) -> bool:
    """Return whether a text has many letters that only Vietnamese has."""
    letters = sum(letter.isalpha() for letter in text)
    return sum(letter in _VIETNAMESE for letter in text) > 0.05 * max(1, letters)


def middle(points: list[tuple[float, float]]) -> tuple[float, float] | None:
    """Return the median longitude and latitude of points, or None without any."""
    real = [(lon, lat) for lon, lat in points if -180 <= lon <= 180 and -90 <= lat <= 90 and (lon, lat) != (0, 0)]
    if not real:
        return None
    return median(lon for lon, _ in real), median(lat for _, lat in real)


def point_hints(sample: Sample, roles: dict[str, str]) -> list[str]:
    """Say where a point may stand if no column holds its longitude and latitude."""
    if {"lon", "lat"} <= roles.keys():
        return []
    hints = []
    for column in sample.columns.values():
        words = list(column.words)[:100]
        if holds_points(column):
            hints.append(f"{shown(column.name)} seems to hold a point, such as {shown(words[0])}")
        elif words and _PROJECTED.fullmatch(column.name.rpartition(".")[2]):
            hints.append(f"{shown(column.name)} may be a coordinate of a projection, such as {shown(words[0])}")
    return hints


def default_points(points: list[tuple[float, float]]) -> list[tuple[tuple[float, float], int]]:
    """Return points that so many reports share that they mean "not located", with their counts."""
    counted = Counter(points)
    return [(point, often) for point, often in counted.most_common(3) if often > max(_FEWEST, _OFTEN * len(points))]


def zone_of(lon: float, lat: float) -> tuple[str, str]:
    """Return the country and the IANA zone whose main place lies nearest."""
    best, nearest = ("", "Etc/UTC"), math.inf
    for country, north, east, zone in _LINE.findall(_zones()):
        away = math.hypot(_degrees(north) - lat, (_degrees(east) - lon) * math.cos(math.radians(lat)))
        if zone.count("/") > 1 and away > _NEAR and not zone.startswith("America/Argentina"):
            continue
        if away < nearest:
            best, nearest = (country, zone), away
    return best


def _zones() -> str:
    return (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")


def _degrees(words: str) -> float:
    """Read +DDMM, +DDDMM, +DDMMSS or +DDDMMSS."""
    digits = words[1:]
    whole = len(digits) - (4 if len(digits) > 5 else 2)
    minutes, seconds = digits[whole : whole + 2], digits[whole + 2 :] or "0"
    value = int(digits[:whole]) + int(minutes) / 60 + int(seconds) / 3600
    return -value if words[0] == "-" else value
